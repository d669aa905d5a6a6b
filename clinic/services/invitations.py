"""One-time links by which people choose a password that nobody else knows."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Invitation, Role, User
from clinic.services import audit
from clinic.services.people import new_person, set_password
from clinic.services.permissions import administrators_only

NOT_GOOD = lazy("This link is not good any more.")


@dataclass(frozen=True)
class IssuedLink:
    """A new link: told once, for the database holds only its digest."""

    person: User
    address: str
    invitation: Invitation


@transaction.atomic
def invite_person(*, email: str, full_name: str, role: Role, invited_by: User) -> IssuedLink:
    """Add a person without a password, and make the link by which they choose one."""
    administrators_only(invited_by)
    person = new_person(email=email, full_name=full_name, role=role)
    person.save()
    audit.record(actor=invited_by, action="person.invited", subject=person, role=role.value)
    return _issue(person, made_by=invited_by, good_for=settings.INVITATION_GOOD_FOR)


@transaction.atomic
def renew_link(*, person: User, made_by: User) -> IssuedLink:
    """A new link for a person who lost the last one, or their password; the earlier link is worthless."""
    administrators_only(made_by)
    current = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not current.is_active:
        raise ValidationError(_("This person is deactivated."))
    if current.is_program:
        raise ValidationError(_("A program has no password."))
    audit.record(actor=made_by, action="person.link_made", subject=current)
    return _issue(current, made_by=made_by, good_for=settings.INVITATION_GOOD_FOR)


@transaction.atomic
def create_administrator(*, email: str, full_name: str) -> IssuedLink:
    """From the server's own command line: an administrator, and the link by which they choose a password.

    Asked again for an administrator who has not followed the link yet, it makes a new one. ValidationError otherwise.
    """
    waiting = User.objects.select_for_update(no_key=True).filter(
        email=email.strip().lower(), role=Role.ADMINISTRATOR, is_active=True
    )
    person = next((one for one in waiting if not one.has_usable_password()), None)
    if person is None:
        person = new_person(email=email, full_name=full_name, role=Role.ADMINISTRATOR)
        person.save()
    audit.record(actor=None, action="person.invited", subject=person, role=person.role)
    return _issue(person, made_by=None, good_for=settings.FIRST_INVITATION_GOOD_FOR)


def find_invitation(token: str) -> Invitation | None:
    """The open invitation that a link belongs to."""
    return (
        Invitation.objects.select_related("person")
        .filter(token_digest=_digest(token), expires_at__gt=timezone.now(), person__is_active=True)
        .first()
    )


@transaction.atomic
def accept_invitation(*, token: str, password: str) -> User:
    """Set the password that the person has chosen, and use the link up. ValidationError when either is unfit."""
    invitation = find_invitation(token)
    if invitation is None:
        raise ValidationError(NOT_GOOD)
    person = User.objects.select_for_update(no_key=True).get(pk=invitation.person_id)
    # Two at once: the first has used it up while we waited for the row.
    if find_invitation(token) is None:
        raise ValidationError(NOT_GOOD)
    set_password(person, password)
    invitation.delete()
    audit.record(actor=person, action="person.invitation_accepted", subject=person)
    return person


def _issue(person: User, *, made_by: User | None, good_for: timedelta) -> IssuedLink:
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    invitation, _ = Invitation.objects.update_or_create(
        person=person,
        defaults={
            "token_digest": _digest(token),
            "created_at": now,
            "created_by": made_by,
            "expires_at": now + good_for,
        },
    )
    return IssuedLink(person, settings.SITE_ADDRESS + reverse("clinic:invitation", args=[token]), invitation)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
