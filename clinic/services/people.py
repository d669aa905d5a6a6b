"""Adding people who may sign in, and changing what they may do. Nobody is ever deleted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Invitation, Role, User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from clinic.services.sessions import end_all_of

LAST_ADMINISTRATOR = lazy("This is the last active administrator. Make somebody else an administrator first.")


@transaction.atomic
def create_person(*, email: str, full_name: str, role: Role, password: str, created_by: User | None = None) -> User:
    """Add an active person with a password, for scripts and the demo; raises ValidationError with plain sentences."""
    person = new_person(email=email, full_name=full_name, role=role)
    validate_password(password, person)
    person.set_password(password)
    person.save()
    audit.record(actor=created_by, action="person.created", subject=person, role=role.value)
    return person


def new_person(*, email: str, full_name: str, role: Role) -> User:
    """A person who is not saved yet and has no password; raises ValidationError when an entry is unfit or taken."""
    person = User(email=email.strip().lower(), full_name=full_name.strip(), role=role)
    person.set_unusable_password()
    person.full_clean(exclude=["password"])
    return person


@transaction.atomic
def change_password(*, person: User, password: str) -> None:
    """Set a person's own new password; every session and token got with the old one ends. ValidationError when unfit.

    The caller may keep the session it came from with `update_session_auth_hash`.
    """
    if not person.is_active:
        raise ValidationError(_("This person is deactivated."))
    set_password(person, password)
    audit.record(actor=person, action="person.password_changed", subject=person)


@transaction.atomic
def replace_password(*, person: User, password: str) -> None:
    """The new password of a person who came by a reset link."""
    set_password(person, password)
    audit.record(actor=person, action="person.password_reset", subject=person)


def set_password(person: User, password: str) -> None:
    """Part of a change that is recorded itself; raises ValidationError when the password is unfit."""
    validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    end_all_of(person)


@transaction.atomic
def change_role(*, person: User, role: Role, changed_by: User) -> None:
    """Give the person another role; they must sign in again. Raises ValidationError for the last administrator."""
    administrators_only(changed_by)
    current = _locked(person)
    before = current.role
    if before == role:
        return
    if current.is_program or role == Role.PROGRAM:
        raise ValidationError(_("A person cannot become a program, nor a program a person."))
    _keep_an_administrator(current)
    current.role = role
    current.save(update_fields=["role"])
    end_all_of(current)
    audit.record(actor=changed_by, action="person.role_changed", subject=current, before=before, after=role.value)


@transaction.atomic
def deactivate_person(*, person: User, deactivated_by: User) -> None:
    """The person can do nothing any more, from their very next request. What they did stays theirs."""
    administrators_only(deactivated_by)
    current = _locked(person)
    if not current.is_active:
        return
    _keep_an_administrator(current)
    current.is_active = False
    current.save(update_fields=["is_active"])
    end_all_of(current)
    Invitation.objects.filter(person=current).delete()
    audit.record(actor=deactivated_by, action="person.deactivated", subject=current)


@transaction.atomic
def reactivate_person(*, person: User, reactivated_by: User) -> None:
    """The person may sign in again, with the password and the second step they had."""
    administrators_only(reactivated_by)
    current = _locked(person)
    if current.is_active:
        return
    current.is_active = True
    current.save(update_fields=["is_active"])
    audit.record(actor=reactivated_by, action="person.reactivated", subject=current)


def _locked(person: User) -> User:
    """The person's row, and those of all active administrators: two of them cannot remove each other at once."""
    list(User.objects.select_for_update(no_key=True).filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk"))
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _keep_an_administrator(person: User) -> None:
    """Refuse to lose the last one who can sign in. Who has not followed the invitation yet does not count."""
    if not person.is_staff:
        return
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk)
    if not any(other.has_usable_password() for other in others):
        raise ValidationError(LAST_ADMINISTRATOR)
