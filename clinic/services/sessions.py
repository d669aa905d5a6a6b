"""Ending what a person is signed in with."""

from django.db import transaction

from clinic.models import User
from clinic.services import audit
from clinic.services.tokens import revoke_tokens_of


def end_all_of(person: User) -> None:
    """End every session at its next request, and every token; part of a change that is recorded itself.

    The person's row must be locked by the caller, or be new.
    """
    person.session_epoch += 1
    person.save(update_fields=["session_epoch"])
    revoke_tokens_of(person)


@transaction.atomic
def sign_out_everywhere(*, person: User) -> None:
    """The person ends all their sessions and tokens, this one too."""
    end_all_of(User.objects.select_for_update(no_key=True).get(pk=person.pk))
    audit.record(actor=person, action="person.signed_out_everywhere", subject=person)


def note_expired(*, person: User, why: str) -> None:
    """A session ended by itself. `why` is "idle" or "longest"."""
    audit.record(actor=None, action="person.session_expired", subject=person, why=why)
