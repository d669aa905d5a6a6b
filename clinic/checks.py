"""What is wrong with how this site is set up, found before it matters."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections

from clinic.services.database_roles import can_change_the_trail
from clinic.services.schema_age import refuse_to_start_on_an_older_schema

SENTENCE = (
    "The database role of DATABASE_URL could change the audit trail. Name a role of its own for the application there, "
    "the tables' owner in MIGRATION_DATABASE_URL, and run manage.py migrate."
)


@register(Tags.database)
def trail_is_out_of_reach(*, databases: Sequence[str] | None, **_: Any) -> list[CheckMessage]:
    """The application's role may only add to the trail: an error where patients' data live, elsewhere a warning."""
    role = str(settings.APPLICATION_DATABASE["USER"])
    if not any(can_change_the_trail(connection=connections[alias], role=role) for alias in databases or ()):
        return []
    if settings.AUDIT_ROLE_MUST_BE_RESTRICTED:
        return [Error(SENTENCE, id="clinic.E001")]
    return [CheckMessage(WARNING, SENTENCE, id="clinic.W001")]


def refuse_to_start_within_reach_of_the_trail() -> None:
    """Raise ImproperlyConfigured where the application could change the trail and must not.

    Where the database is away nothing is known yet, and nothing is done without it either.
    """
    if not settings.AUDIT_ROLE_MUST_BE_RESTRICTED:
        return
    try:
        problems = trail_is_out_of_reach(databases=[connection.alias])
    except DatabaseError:
        return
    finally:
        connection.close()  # not to be shared with processes that are forked from this one
    if problems:
        raise ImproperlyConfigured(SENTENCE)


def refuse_to_start_unfit() -> None:
    """What web and worker look at before they do anything. Raises ImproperlyConfigured with the sentence to show."""
    refuse_to_start_within_reach_of_the_trail()
    refuse_to_start_on_an_older_schema()
