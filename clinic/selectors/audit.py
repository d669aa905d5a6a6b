"""Reading the trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from clinic.models import AuditEvent, User
from clinic.models.audit_event import SIGN_IN_FAILURES
from clinic.selectors.merging import ids_of_record

PAGE_SIZE = 50
# One probe of the index for each action, however many rows there are.
ACTIONS = """
    WITH RECURSIVE known AS (
        (SELECT action FROM clinic_auditevent ORDER BY action LIMIT 1)
        UNION ALL
        SELECT (SELECT action FROM clinic_auditevent WHERE action > known.action ORDER BY action LIMIT 1)
        FROM known WHERE known.action IS NOT NULL
    )
    SELECT action FROM known WHERE action IS NOT NULL
"""


@dataclass(frozen=True)
class EventPage:
    """Rows of the trail, newest first, and whether there are more on either side."""

    events: Sequence[AuditEvent]
    has_newer: bool = False
    has_older: bool = False


def find_events(
    *,
    person: User | UUID | None = None,
    action: str = "",
    patient: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    address: str = "",
) -> QuerySet[AuditEvent]:
    """The rows that fit all that is given; `since` and `until` are days of the site's zone, both included.

    Of a patient: also those under the ids of records that were merged into that one.
    """
    asked: dict[str, Any] = {
        "actor": person,
        "action": action,
        "patient_id__in": ids_of_record(patient) if patient else None,
        "address": address,
        "occurred_at__gte": _midnight(since) if since else None,
        "occurred_at__lt": _midnight(until + timedelta(days=1)) if until else None,
    }
    return AuditEvent.objects.select_related("actor").filter(
        **{field: value for field, value in asked.items() if value}
    )


def sign_in_failures() -> QuerySet[AuditEvent]:
    """Every attempt to sign in that failed or was put off."""
    return AuditEvent.objects.filter(action__in=SIGN_IN_FAILURES)


def known_actions() -> Sequence[str]:
    """Every action that is on record, by name."""
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS)
        return [action for (action,) in cursor.fetchall()]


def page_of_events(
    events: QuerySet[AuditEvent], *, older: int | None = None, newer: int | None = None, size: int = PAGE_SIZE
) -> EventPage:
    """The page before (or after) a row: as quick at the end of a million as at the beginning."""
    bound = older or newer
    edge = AuditEvent.objects.filter(pk=bound).first() if bound else None
    if edge and newer:
        rows = list(_beyond(events, edge, "gt").order_by("occurred_at", "id")[: size + 1])
        return EventPage(rows[:size][::-1], has_newer=len(rows) > size, has_older=True)
    found = _beyond(events, edge, "lt") if edge else events
    rows = list(found.order_by("-occurred_at", "-id")[: size + 1])
    return EventPage(rows[:size], has_newer=edge is not None, has_older=len(rows) > size)


def people_by_id(ids: Iterable[str]) -> dict[str, User]:
    """People by their ids as the trail has them; ids that are none are left out."""
    return {str(person.pk): person for person in User.objects.filter(pk__in=[one for one in ids if _is_uuid(one)])}


def _beyond(events: QuerySet[AuditEvent], edge: AuditEvent, side: str) -> QuerySet[AuditEvent]:
    return events.filter(
        # Said twice, so that the index finds the place without reading what lies before.
        Q((f"occurred_at__{side}e", edge.occurred_at)),
        Q((f"occurred_at__{side}", edge.occurred_at)) | Q(("occurred_at", edge.occurred_at), (f"id__{side}", edge.pk)),
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
