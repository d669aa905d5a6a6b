"""Browsers that a person has signed in from before, told by a signed cookie that names nobody.

An outsider's failed tries never count against such a browser, so they lock nobody out of it.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from clinic.services.sign_in_limits import account_key

SALT = "clinic.accounts.known_devices"
MOST = 20  # people who share one browser


def device_of(request: HttpRequest, email: str) -> str | None:
    """What this browser is known by for the account, or None when nobody signed in to it from here."""
    return _known(request).get(account_key(email))


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """The person has signed in: this browser is one of theirs from now on."""
    account = account_key(email)
    others = {key: device for key, device in _known(request).items() if key != account}
    device = _known(request).get(account) or secrets.token_urlsafe(12)
    kept = {account: device, **dict(list(others.items())[: MOST - 1])}
    response.set_cookie(
        settings.KNOWN_DEVICE_COOKIE_NAME,
        signing.dumps(kept, salt=SALT, compress=True),
        max_age=settings.KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> dict[str, str]:
    cookie = request.COOKIES.get(settings.KNOWN_DEVICE_COOKIE_NAME, "")
    try:
        known: dict[str, str] = signing.loads(cookie, salt=SALT, max_age=settings.KNOWN_FOR)
    except signing.BadSignature:
        return {}
    return known
