"""Second steps for the tests: as a person would set them up, without the pages."""

import time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from clinic.models import User

PERIOD = 30


def give_app(person: User) -> str:
    """Set up an authenticator app; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return str(secret)


def give_recovery_codes(person: User) -> list[str]:
    """Set up recovery codes; returns them."""
    codes: list[str] = RecoveryCodes.activate(person).get_unused_codes()
    return codes


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + steps)))


def stored_secret(person: User) -> str:
    """What the database holds of the app's secret."""
    return str(Authenticator.objects.get(user=person, type="totp").data["secret"])


def decrypted(text: str) -> str:
    return str(get_adapter().decrypt(text))
