"""What a person likes to read pages in."""

from django.db import transaction

from clinic.models import User
from clinic.services import audit


@transaction.atomic
def choose_language_and_zone(*, person: User, language: str, time_zone: str) -> None:
    """Show the person's pages in this language and zone; empty: as their browser says. ValidationError when unknown."""
    current = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if (current.language, current.time_zone) == (language, time_zone):
        return
    current.language, current.time_zone = language, time_zone
    current.clean_fields(exclude=["email", "password", "full_name", "role"])
    current.save(update_fields=["language", "time_zone"])
    audit.record(
        actor=person, action="person.preferences_changed", subject=current, language=language, time_zone=time_zone
    )
