"""Choosing a first password, or a new one, by a one-time link."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from clinic.accounts import known_devices
from clinic.forms import ChosenPasswordForm
from clinic.services.invitations import accept_invitation, find_invitation

KEPT = "invitation"


@login_not_required
@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Remember the link in the session, and go on to an address without it: addresses are seen in logs."""
    if find_invitation(token) is None:
        return _not_good(request)
    if request.user.is_authenticated:
        logout(request)  # of whoever used this browser before
    request.session[KEPT] = token
    return redirect("clinic:invitation_password")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_password(request: HttpRequest) -> HttpResponse:
    """Choose the password."""
    token = request.session.get(KEPT, "")
    found = find_invitation(token)
    if found is None:
        return _not_good(request)
    form = ChosenPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            person = accept_invitation(token=token, password=form.cleaned_data["new_password"])
        except ValidationError as error:
            form.add_error("new_password", error)
        else:
            request.session.flush()
            messages.success(request, _("Your password is set. Please sign in with it."))
            response = redirect("clinic:sign_in")
            known_devices.remember(request, response, person.email)
            return response
    context = {"form": form, "person": found.person}
    return render(request, "clinic/invitation.html", context, status=400 if form.errors else 200)


def _not_good(request: HttpRequest) -> HttpResponse:
    return render(request, "clinic/invitation_not_good.html", status=HTTPStatus.NOT_FOUND)
