"""Signing in and out."""

from http import HTTPStatus
from typing import Any, cast

from allauth.account.views import LoginView
from allauth.account.views import PasswordResetFromKeyView as AllauthPasswordByLink
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from clinic.accounts import known_devices
from clinic.accounts.adapter import THROTTLED
from clinic.accounts.forms import SignInForm
from clinic.models import User
from clinic.services import audit


class SignIn(LoginView):  # type: ignore[misc]  # allauth ships no types
    """Sign in with email address and password; a second step may follow."""

    template_name = "clinic/sign_in.html"
    form_class = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A page that polls when the session ends goes to the sign-in as a whole, and comes back to where it was."""
        htmx = cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]  # set by the htmx middleware
        if htmx:
            here = htmx.current_url_abs_path or reverse("clinic:home")
            return HttpResponseClientRedirect(f"{reverse('clinic:sign_in')}?{urlencode({'next': here})}")
        return cast("HttpResponse", super().get(request, *args, **kwargs))

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        """400 for every failure alike; 429 when it is too early for another try."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = HTTPStatus.BAD_REQUEST
        for error in form.non_field_errors().as_data():
            if error.code == THROTTLED:
                response.status_code = HTTPStatus.TOO_MANY_REQUESTS
                response.headers["Retry-After"] = str(error.params["wait"])
        return response


class PasswordByLink(AllauthPasswordByLink):  # type: ignore[misc]
    """Choose a new password by a link from a mail."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Who can read the person's mail is the person: this browser is one of theirs, whatever others try."""
        response: HttpResponse = super().form_valid(form)
        known_devices.remember(self.request, response, self.reset_user.email)
        return response


@method_decorator(login_not_required, name="dispatch")  # also leaves a sign-in that waits for its second step
class SignOut(LogoutView):
    """End the session; by POST only, so that no link can do it."""

    @transaction.atomic
    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Note it in the audit trail, then forget the session."""
        if isinstance(request.user, User):
            audit.record(actor=request.user, action="person.signed_out", subject=request.user)
        return super().post(request, *args, **kwargs)
