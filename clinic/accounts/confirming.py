"""Showing once more that it is you: asked for before something is done in a person's name that cannot be undone.

Every act asks again; having confirmed a moment ago does not count. Failed passwords count like failed sign-ins.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clinic.accounts import known_devices
from clinic.accounts.adapter import THROTTLED, AccountAdapter
from clinic.accounts.forms import ConfirmByPasskeyForm
from clinic.services import audit, sign_in
from clinic.services.sign_in_limits import TooManyTries
from clinic.views.requests import SignedInRequest


def confirm_by_password(request: SignedInRequest, password: str) -> None:
    """Raises ValidationError unless it is the person's password; its code is `too_many_tries` when it is too early."""
    person = request.user
    try:
        found = sign_in.check_password(
            email=person.email,
            password=password,
            way="signature",
            device=known_devices.device_of(request, person.email),
        )
    except TooManyTries as refusal:
        raise ValidationError(str(refusal), code=THROTTLED, params={"wait": refusal.wait}) from None
    if found != person:
        raise ValidationError(AccountAdapter.error_messages["incorrect_password"], code="incorrect_password")


def confirm_by_passkey(request: SignedInRequest, credential: str) -> None:
    """Raises ValidationError unless one of the person's passkeys has answered the challenge of `begin_passkey`."""
    form = ConfirmByPasskeyForm({"credential": credential}, user=request.user)
    if not form.is_valid():
        audit.record(actor=request.user, action="person.confirmation_failed", subject=request.user)
        words = [str(error) for errors in form.errors.values() for error in errors]
        raise ValidationError(words or [_("This passkey did not work.")], code="incorrect_passkey")
    form.cleaned_data["credential"].record_usage()


def has_passkey(request: SignedInRequest) -> bool:
    """Whether the person has one."""
    found: bool = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN).exists()
    return found


def begin_passkey(request: SignedInRequest) -> dict[str, Any]:
    """A fresh challenge for the person's passkeys, remembered in the session, as the browser wants it."""
    options: dict[str, Any] = auth.begin_authentication(request.user)
    return options
