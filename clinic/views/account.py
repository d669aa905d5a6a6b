"""A person's own account."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clinic.forms import PasswordForm
from clinic.services.people import change_password
from clinic.views.requests import SignedInRequest


@sensitive_post_parameters()
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
            messages.success(request, "Your password is changed.")
            return redirect("clinic:account")
    return render(request, "clinic/account.html", {"form": form}, status=400 if form.errors else 200)
