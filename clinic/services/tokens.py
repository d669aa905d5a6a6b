"""Tokens for the REST API. The database holds only a token's hash; its text is told once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import ApiToken, TokenScope, User
from clinic.selectors.api_tokens import tokens_of
from clinic.services import audit
from clinic.services.mail import send_mail
from clinic.services.permissions import administrators_only
from mlcore.assays import ASSAYS

MOST_TOKENS = 20


@dataclass(frozen=True)
class IssuedToken:
    """A new token, and its text, which cannot be had again."""

    text: str
    token: ApiToken


@transaction.atomic
def issue_token(
    *,
    person: User,
    scope: TokenScope = TokenScope.WRITE,
    name: str = "",
    lifetime: timedelta | None = None,
    assays: Collection[str] | None = None,
) -> IssuedToken:
    """Give a person who proved who they are a token, for all assays or for some.

    The oldest goes when they have too many. ValidationError for an unknown assay, or too long a life.
    """
    older = ApiToken.objects.filter(user=person).order_by("-created")
    ApiToken.objects.filter(pk__in=[one.pk for one in older[MOST_TOKENS - 1 :]]).delete()
    life = _life(lifetime, longest=settings.API_TOKEN_LONGEST)
    return _issue(person, scope=scope, name=name, life=life, assays=assays, issued_by=person)


@transaction.atomic
def issue_program_token(
    *,
    program: User,
    issued_by: User,
    name: str,
    lifetime: timedelta,
    scope: TokenScope = TokenScope.READ,
    assays: Collection[str] | None = None,
) -> IssuedToken:
    """Give a program a token. ValidationError when it is deactivated, has too many, or nobody answers for it."""
    administrators_only(issued_by)
    current = User.objects.select_for_update(no_key=True, of=("self",)).select_related("answered_for_by")
    program = current.get(pk=program.pk)
    _check_program(program)
    life = _life(lifetime, longest=settings.PROGRAM_TOKEN_LONGEST)
    issued = _issue(program, scope=scope, name=name, life=life, assays=assays, issued_by=issued_by)
    transaction.on_commit(lambda: _tell_who_answers(program, issued.token), robust=True)
    return issued


def revoke_tokens_of(person: User) -> None:
    """Make all tokens of a person worthless; part of a change that is recorded itself."""
    ApiToken.objects.filter(user=person).delete()


@transaction.atomic
def revoke_token(*, token: ApiToken, revoked_by: User) -> None:
    """Make a token worthless at once: one's own, or as an administrator that of a program."""
    if token.user_id != revoked_by.pk:
        administrators_only(revoked_by)
    person, public_id = token.user, str(token.public_id)
    token.delete()
    audit.record(actor=revoked_by, action="token.revoked", subject=person, token=public_id)


def _issue(
    person: User,
    *,
    scope: TokenScope,
    name: str,
    life: timedelta,
    assays: Collection[str] | None,
    issued_by: User,
) -> IssuedToken:
    limits = _known(assays)
    token, text = ApiToken.objects.create(  # type: ignore[no-untyped-call]
        user=person, scope=scope, name=name.strip(), expiry=life, assays=limits
    )
    audit.record(
        actor=issued_by,
        action="token.issued",
        subject=person,
        scope=str(scope),
        assays=limits,
        token=str(token.public_id),
    )
    return IssuedToken(text=text, token=token)


def _tell_who_answers(program: User, token: ApiToken) -> None:
    """Nobody gets a way to a doctor's patients behind the doctor's back."""
    if program.answered_for_by:
        send_mail(
            to=program.answered_for_by,
            subject=lazy("A new token for a program"),
            template="clinic/mail/program_token.txt",
            program=program,
            expires_at=token.expiry,
        )


def _known(assays: Collection[str] | None) -> list[str] | None:
    if assays is None:
        return None
    if not assays or not set(assays) <= set(ASSAYS):
        raise ValidationError({"assays": _("Choose one or several of the assays, or leave it out for all.")})
    return sorted(set(assays))


def _life(asked: timedelta | None, *, longest: timedelta) -> timedelta:
    life: timedelta = asked or min(settings.API_TOKEN_USUAL, longest)
    if not timedelta() < life <= longest:
        sentence = _("A token is good for %(days)s days at most.") % {"days": longest.days}
        raise ValidationError({"lifetime": sentence})
    return life


def _check_program(program: User) -> None:
    if not program.is_program or not program.is_active:
        raise ValidationError(_("This program is deactivated."))
    if not program.is_answered_for:
        raise ValidationError(_("Say first which doctor answers for this program."))
    if len(tokens_of(program)) >= MOST_TOKENS:
        raise ValidationError(_("This program has too many tokens. Revoke one first."))
