"""How django-allauth's flows check passwords, open sessions and set passwords: by our services."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as lazy

from clinic import request_context
from clinic.accounts import known_devices
from clinic.models import User
from clinic.services import audit, people, sign_in
from clinic.services.sign_in_limits import TooManyTries

REFUSED = lazy("This email address and password do not belong together. Please try again.")
THROTTLED = "too_many_tries"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Our rules in allauth's places."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": REFUSED,
        "incorrect_password": lazy("This is not your password."),
        "incorrect_code": lazy("This is not right, or was used before. Please try again."),
        "too_many_login_attempts": lazy("Too many wrong codes. Please wait five minutes and try again."),
        "rate_limited": lazy("Too many tries. Please wait a few minutes and try again."),
        "invalid_password_reset": lazy("This link is not good any more."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are given out by administrators."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check the password; a deactivated person is refused like anybody whose password is wrong."""
        email = credentials["email"]
        try:
            return sign_in.check_password(
                email=email,
                password=credentials["password"],
                way="page",
                device=known_devices.device_of(request, email),
            )
        except TooManyTries as refusal:
            raise ValidationError(str(refusal), code=THROTTLED, params={"wait": refusal.wait}) from None

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password of a person who is signed in; allauth counts the tries."""
        right = user.check_password(password)
        if not right:
            audit.record(actor=user, action="person.confirmation_failed", subject=user)
        return right

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session, and note by what the person proved who they are."""
        steps = get_authentication_records(request, user)
        super().login(request, user)
        way = "+".join(str(step.get("type") or step["method"]) for step in steps) or "session"
        sign_in.note_sign_in(person=user, way=way)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Remember the browser: an outsider's failed tries do not count against it."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        known_devices.remember(request, response, user.email)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say no more than to anybody else."""
        messages.error(request, REFUSED)
        return redirect("account_login")

    def set_password(self, user: User, password: str) -> None:
        """The new password of somebody who came by a reset link."""
        people.replace_password(person=user, password=password)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that our own proxies saw, as in the trail."""
        here = request_context.current()
        return (here and here.address) or "unknown"

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only errors: our pages show by themselves how things stand."""
        if level >= messages.ERROR:
            super().add_message(request, level, *args, **kwargs)
