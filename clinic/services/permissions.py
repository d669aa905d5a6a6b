"""What a role may do, for services: the pages ask as well, but a service does not rely on it."""

from django.core.exceptions import PermissionDenied

from clinic.models import User

NO_PERSON = "This is for people: a program cannot do it."


def administrators_only(person: User) -> None:
    """Raises PermissionDenied for everybody else."""
    if not (person.is_active and person.is_administrator):
        raise PermissionDenied("Only administrators can do this.")


def people_only(person: User) -> None:
    """Raises PermissionDenied for a program."""
    if person.is_program:
        raise PermissionDenied(NO_PERSON)
