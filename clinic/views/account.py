"""A person's own account."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic.forms import PasswordForm
from clinic.selectors.second_step import second_step_of
from clinic.services.people import change_password
from clinic.services.sessions import sign_out_everywhere
from clinic.views.requests import SignedInRequest


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: SignedInRequest) -> HttpResponse:
    """Who is signed in, and a form to change the password. Other sessions of the person end with the old password."""
    form = PasswordForm(request.POST or None, person=request.user)
    if form.is_valid():
        try:
            change_password(person=request.user, password=form.cleaned_data["new_password"])
        except ValidationError as error:
            form.add_error("new_password", error)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("clinic:account")
    context = {"form": form, "second_step": second_step_of(request.user)}
    return render(request, "clinic/account.html", context, status=400 if form.errors else 200)


@require_POST
def everywhere(request: SignedInRequest) -> HttpResponse:
    """End all of the person's sessions and tokens, this session too."""
    sign_out_everywhere(person=request.user)
    logout(request)
    return redirect("clinic:sign_in")
