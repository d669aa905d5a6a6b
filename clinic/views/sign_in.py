"""Signing in and out."""

from typing import cast

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from clinic.forms import SignInForm
from clinic.models import User
from clinic.services import audit


class SignIn(LoginView):
    """Sign in with email address and password."""

    template_name = "clinic/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """A page that polls when the session ends goes to the sign-in as a whole, and comes back to where it was."""
        htmx = cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]  # set by the htmx middleware
        if htmx:
            here = htmx.current_url_abs_path or reverse("clinic:home")
            return HttpResponseClientRedirect(f"{reverse('clinic:sign_in')}?{urlencode({'next': here})}")
        return super().get(request, *args, **kwargs)

    @transaction.atomic
    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Open the session and note it in the audit trail."""
        response = super().form_valid(form)
        person = form.get_user()
        audit.record(actor=person, action="person.signed_in", subject=person)
        return response


class SignOut(LogoutView):
    """End the session; by POST only, so that no link can do it."""

    @transaction.atomic
    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Note it in the audit trail, then forget the session."""
        if isinstance(request.user, User):
            audit.record(actor=request.user, action="person.signed_out", subject=request.user)
        return super().post(request, *args, **kwargs)
