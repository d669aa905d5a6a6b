"""What a role may do, for services: the pages ask as well, but a service does not rely on it."""

from django.core.exceptions import PermissionDenied

from clinic.models import User


def administrators_only(person: User) -> None:
    """Raises PermissionDenied for everybody else."""
    if not (person.is_active and person.is_administrator):
        raise PermissionDenied("Only administrators can do this.")
