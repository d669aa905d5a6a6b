"""Adding people who may sign in."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from clinic.models import Role, User
from clinic.services import audit
from clinic.services.tokens import revoke_tokens_of


@transaction.atomic
def create_person(*, email: str, full_name: str, role: Role, password: str, created_by: User | None = None) -> User:
    """Add an active person. Raises ValidationError with plain sentences when an entry is unfit or the address taken."""
    person = User(email=email.strip().lower(), full_name=full_name.strip(), role=role)
    person.full_clean(exclude=["password"])
    validate_password(password, person)
    person.set_password(password)
    person.save()
    audit.record(actor=created_by, action="person.created", subject=person, role=role.value)
    return person


@transaction.atomic
def change_password(*, person: User, password: str) -> None:
    """Set a person's own new password; tokens got with the old one are worthless. ValidationError when it is unfit."""
    if not person.is_active:
        raise ValidationError("This person is deactivated.")
    validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    revoke_tokens_of(person)
    audit.record(actor=person, action="person.password_changed", subject=person)
