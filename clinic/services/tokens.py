"""Tokens for the REST API. The database holds only a token's hash; its text is told once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from clinic.models import ApiToken, TokenScope, User
from clinic.services import audit

MOST_TOKENS = 20


@dataclass(frozen=True)
class IssuedToken:
    """A new token: its text, which cannot be had again, what it may do, and until when it is good."""

    text: str
    scope: str
    expires_at: datetime


@transaction.atomic
def issue_token(
    *, person: User, scope: TokenScope = TokenScope.WRITE, name: str = "", lifetime: timedelta | None = None
) -> IssuedToken:
    """Give a person who proved who they are a token. The oldest goes when they have too many."""
    older = ApiToken.objects.filter(user=person).order_by("-created")
    ApiToken.objects.filter(pk__in=[one.pk for one in older[MOST_TOKENS - 1 :]]).delete()
    expiry = lifetime or settings.REST_KNOX["TOKEN_TTL"]
    token, text = ApiToken.objects.create(  # type: ignore[no-untyped-call]
        user=person, scope=scope, name=name.strip(), expiry=expiry
    )
    audit.record(actor=person, action="token.issued", subject=person, scope=str(scope), token=str(token.public_id))
    return IssuedToken(text=text, scope=token.scope, expires_at=token.expiry)


def revoke_tokens_of(person: User) -> None:
    """Make all tokens of a person worthless; part of a change that is recorded itself."""
    ApiToken.objects.filter(user=person).delete()


@transaction.atomic
def revoke_token(*, token: ApiToken, revoked_by: User) -> None:
    """Make a token worthless at once."""
    person, public_id = token.user, str(token.public_id)
    token.delete()
    audit.record(actor=revoked_by, action="token.revoked", subject=person, token=public_id)
