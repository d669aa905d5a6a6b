"""Reading the accounts of programs."""

from django.db.models import QuerySet

from clinic.models import Role, User


def programs() -> QuerySet[User]:
    """All programs by name, with the doctors who answer for them; the deactivated too."""
    return User.objects.filter(role=Role.PROGRAM).select_related("answered_for_by").order_by("full_name", "id")


def programs_of(person: User) -> QuerySet[User]:
    """The active ones that this person answers for: they stop when the person is deactivated."""
    return programs().filter(answered_for_by=person, is_active=True)
