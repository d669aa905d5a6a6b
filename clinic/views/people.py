"""Administrators' pages about people: who they are, inviting them, what they may do."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.forms import InvitationForm, PeopleSearchForm, RoleForm
from clinic.models import Role, User
from clinic.selectors.care_teams import count_in_care_of_alone
from clinic.selectors.people import page_of_people
from clinic.selectors.people import people as all_people
from clinic.selectors.programs import programs_of
from clinic.selectors.second_step import second_step_of
from clinic.services import invitations
from clinic.services import people as services
from clinic.services.invitation_mail import send_link
from clinic.services.invitations import IssuedLink
from clinic.services.second_step import reset_second_step
from clinic.views.requests import SignedInRequest, administrators_only


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def people(request: SignedInRequest) -> HttpResponse:
    """Everybody by name. A search is a POST: names and addresses stay out of what is logged."""
    form = PeopleSearchForm(request.POST)
    form.is_valid()
    query, number = form.cleaned_data.get("query") or "", form.cleaned_data.get("page") or 1
    context = {"form": form, "page": page_of_people(query=query, number=number), "query": query}
    return render(request, "clinic/_people_list.html" if request.htmx else "clinic/people.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def person_invite(request: SignedInRequest) -> HttpResponse:
    """Invite somebody: they get a mail, and the administrator sees the link once."""
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        try:
            link = invitations.invite_person(invited_by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _show_link(request, link)
    return render(request, "clinic/person_invite.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@require_safe
@administrators_only
def person(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One person, and what can be changed about them."""
    found = get_object_or_404(all_people(), pk=pk)
    context = {
        "person": found,
        "second_step": second_step_of(found),
        "in_care_of_alone": count_in_care_of_alone(found),
        "programs": programs_of(found),
        "form": RoleForm(initial={"role": found.role}),
    }
    return render(request, "clinic/person.html", context)


@never_cache
@require_POST
@administrators_only
def person_link(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """A new one-time link; the one before it is worthless."""
    found = get_object_or_404(User, pk=pk)
    try:
        return _show_link(request, invitations.renew_link(person=found, made_by=request.user))
    except ValidationError as error:
        return _back(request, found, error)


@require_POST
@administrators_only
def person_role(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give the person another role."""
    found = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _back(request, found, ValidationError(_("Choose one of the roles.")))
    role = Role(form.cleaned_data["role"])
    return _do(request, found, lambda: services.change_role(person=found, role=role, changed_by=request.user))


@require_POST
@administrators_only
def person_deactivate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Close the account; everything the person did stays."""
    found = get_object_or_404(User, pk=pk)
    return _do(request, found, lambda: services.deactivate_person(person=found, deactivated_by=request.user))


@require_POST
@administrators_only
def person_reactivate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Open the account again."""
    found = get_object_or_404(User, pk=pk)
    return _do(request, found, lambda: services.reactivate_person(person=found, reactivated_by=request.user))


@require_POST
@administrators_only
def person_second_step_reset(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take away a lost second step."""
    found = get_object_or_404(User, pk=pk)
    return _do(request, found, lambda: reset_second_step(person=found, reset_by=request.user))


def _do(request: SignedInRequest, found: User, act: Callable[[], None]) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        return _back(request, found, error)
    messages.success(request, _("The change is made. It holds from the person's next request."))
    return _back(request, found)


def _back(request: SignedInRequest, found: User, error: ValidationError | None = None) -> HttpResponse:
    for sentence in error.messages if error else ():
        messages.error(request, sentence)
    return redirect("clinic:person", pk=found.pk)


def _show_link(request: SignedInRequest, link: IssuedLink) -> HttpResponse:
    mailed = send_link(link)
    return render(request, "clinic/person_link.html", {"link": link, "person": link.person, "mailed": mailed})
