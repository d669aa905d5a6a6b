"""Administrators' pages about programs: who answers for them, and the tokens they come with."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.forms_programs import AnswerForm, ProgramForm, ProgramTokenForm
from clinic.models import ApiToken, User
from clinic.selectors.api_tokens import tokens_of
from clinic.selectors.programs import programs as all_programs
from clinic.services import people
from clinic.services.programs import create_program, let_answer
from clinic.services.tokens import IssuedToken, issue_program_token, revoke_token
from clinic.views.requests import SignedInRequest, administrators_only


@never_cache
@require_safe
@administrators_only
def programs(request: SignedInRequest) -> HttpResponse:
    """All programs by name."""
    return render(request, "clinic/programs.html", {"programs": all_programs()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def program_new(request: SignedInRequest) -> HttpResponse:
    """Add a program."""
    form = ProgramForm(request.POST or None)
    if form.is_valid():
        try:
            program = create_program(created_by=request.user, **form.wanted())
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("clinic:program", pk=program.pk)
    return render(request, "clinic/program_new.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def program(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One program and its tokens; a POST makes another one, whose text is on this one answer and nowhere else."""
    found = get_object_or_404(all_programs(), pk=pk)
    form = ProgramTokenForm(request.POST or None, person=request.user)
    issued = _issued(form, found, request.user)
    if issued:
        form = ProgramTokenForm(person=request.user)
    return _page(request, found, form, issued, status=400 if form.errors else 200)


@require_POST
@administrators_only
def program_answer(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Another doctor answers for it."""
    found = get_object_or_404(all_programs(), pk=pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose an active doctor."))
        return redirect("clinic:program", pk=found.pk)
    let_answer(program=found, doctor=form.cleaned_data["answered_for_by"], changed_by=request.user)
    return _changed(request, found)


@require_POST
@administrators_only
def program_switch(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Deactivate the program, which ends its tokens, or let it be used again."""
    found = get_object_or_404(all_programs(), pk=pk)
    if "off" in request.POST:
        people.deactivate_person(person=found, deactivated_by=request.user)
    else:
        people.reactivate_person(person=found, reactivated_by=request.user)
    return _changed(request, found)


@require_POST
@administrators_only
def program_token_revoke(request: SignedInRequest, pk: UUID, token: UUID) -> HttpResponse:
    """Make one of its tokens worthless."""
    found = get_object_or_404(all_programs(), pk=pk)
    lost = get_object_or_404(ApiToken.objects.filter(user=found), public_id=token)
    revoke_token(token=lost, revoked_by=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("clinic:program", pk=found.pk)


def _issued(form: ProgramTokenForm, program: User, administrator: User) -> IssuedToken | None:
    if not form.is_valid():
        return None
    try:
        return issue_program_token(program=program, issued_by=administrator, **form.wanted())
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None


def _page(
    request: SignedInRequest, found: User, form: ProgramTokenForm, issued: IssuedToken | None, *, status: int
) -> HttpResponse:
    context = {
        "program": found,
        "form": form,
        "issued": issued,
        "tokens": tokens_of(found),
        "answer_form": AnswerForm(initial={"answered_for_by": found.answered_for_by_id}),
    }
    return render(request, "clinic/program.html", context, status=status)


def _changed(request: SignedInRequest, found: User) -> HttpResponse:
    messages.success(request, _("The change is made. It holds from the program's next request."))
    return redirect("clinic:program", pk=found.pk)
