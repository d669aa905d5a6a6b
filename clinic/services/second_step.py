"""The second step of signing in: what is done with it leaves a trace in the trail."""

from typing import Any

from allauth.core import context
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from clinic.services.sessions import end_all_of

RECOVERY_CODES = Authenticator.Type.RECOVERY_CODES


@transaction.atomic
def reset_second_step(*, person: User, reset_by: User) -> None:
    """Take away what the person lost, so that they can set it up anew; they must sign in again."""
    administrators_only(reset_by)
    current = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    removed = Authenticator.objects.filter(user=current).exclude(type=RECOVERY_CODES).count()
    Authenticator.objects.filter(user=current).delete()
    end_all_of(current)
    audit.record(actor=reset_by, action="person.second_step_reset", subject=current, removed=removed)


@receiver(post_save, sender=Authenticator)
def _note_added(instance: Authenticator, created: bool, **_: Any) -> None:  # noqa: FBT001  the signal's signature
    if created:
        audit.record(actor=_actor(), action="person.second_step_added", subject=instance.user, kind=instance.type)


@receiver(post_delete, sender=Authenticator)
def _note_removed(instance: Authenticator, **_: Any) -> None:
    audit.record(actor=_actor(), action="person.second_step_removed", subject=instance.user, kind=instance.type)


@receiver(signals.authenticator_used)
def note_use(authenticator: Authenticator, **_: Any) -> None:
    """Only recovery codes are told: an app's code and a passkey are told with the sign-in itself."""
    if authenticator.type == RECOVERY_CODES:
        authenticator.refresh_from_db()  # which codes are used was noted on another copy
        left = len(authenticator.wrap().get_unused_codes())
        person = authenticator.user
        audit.record(actor=person, action="person.recovery_code_used", subject=person, left=left)


@receiver(signals.authentication_failed)
def _note_failed(user: User, **_: Any) -> None:
    audit.record(actor=None, action="person.second_step_failed", subject=user)


def _actor() -> User | AnonymousUser | None:
    return getattr(context.request, "user", None)
