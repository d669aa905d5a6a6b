"""Checking who somebody is, from a page or from a program: by the same rules, and with the same trace in the trail."""

from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction

from clinic import request_context
from clinic.models import User
from clinic.services import audit, sign_in_limits
from clinic.services.sign_in_limits import Place, TooManyTries, account_key


def check_password(*, email: str, password: str, way: str, device: str | None = None) -> User | None:
    """The active person to whom address and password belong, or None; raises TooManyTries.

    An unknown address, a wrong password and a deactivated person take the same course: one count, one hash, one
    event of the trail. `way` is "page" or "api".
    """
    place = Place(address=_address(), device=device)
    try:
        tried = sign_in_limits.take(email=email, place=place)
    except TooManyTries as refusal:
        _note_throttled(email, refusal, way)
        raise
    person = authenticate(None, username=email.strip().lower(), password=password)
    if isinstance(person, User):
        tried.give_back()
        return person
    audit.record(actor=None, action="person.sign_in_failed", subject=account_of(email), way=way)
    return None


@transaction.atomic
def note_sign_in(*, person: User, way: str) -> None:
    """A session or a token was given to the person, who has brought all that was asked for."""
    sign_in_limits.know_address(email=person.email, address=_address())
    audit.record(actor=person, action="person.signed_in", subject=person, way=way)


def account_of(email: str) -> User:
    """The person with this address; for an address that nobody has, a stand-in whose id is a keyed digest of it.

    So tries for one address can be seen together in the trail, and nobody reads the address there.
    """
    known = User.objects.filter(email=email.strip().lower()).first()
    return known or User(pk=UUID(hex=account_key(email)))


def _note_throttled(email: str, refusal: TooManyTries, way: str) -> None:
    """Once for each time that a limit is reached: a storm of tries must not become one of rows."""
    if refusal.is_first:
        audit.record(
            actor=None, action="person.sign_in_throttled", subject=account_of(email), way=way, limit=refusal.limit
        )


def _address() -> str | None:
    here = request_context.current()
    return here.address if here else None
