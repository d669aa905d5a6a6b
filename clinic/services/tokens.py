"""Tokens for the REST API. The database holds only a token's hash; its text is told once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from knox.models import AuthToken

from clinic.models import User
from clinic.services import audit

MOST_TOKENS = 20


@dataclass(frozen=True)
class IssuedToken:
    """A new token: its text, which cannot be had again, and until when it is good."""

    text: str
    expires_at: datetime


@transaction.atomic
def issue_token(*, person: User) -> IssuedToken:
    """Give a person who proved who they are a token. The oldest goes when they have too many."""
    older = AuthToken.objects.filter(user=person).order_by("-created")
    AuthToken.objects.filter(pk__in=[one.pk for one in older[MOST_TOKENS - 1 :]]).delete()
    token, text = AuthToken.objects.create(user=person)
    audit.record(actor=person, action="token.issued", subject=person)
    return IssuedToken(text=text, expires_at=token.expiry)


def revoke_tokens_of(person: User) -> None:
    """Make all tokens of a person worthless; part of a change that is recorded itself."""
    AuthToken.objects.filter(user=person).delete()


@transaction.atomic
def revoke_token(*, token: AuthToken, revoked_by: User) -> None:
    """Make a token worthless at once."""
    person = token.user
    token.delete()
    audit.record(actor=revoked_by, action="token.revoked", subject=person)
