"""Proving the trail: every row again, every link again, without trusting what the database computes."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

NOTHING_BEFORE = "0" * 64

# All that a row says, as text in which no session setting shows. The trigger's function has the same list.
PARTS = (
    "event.id::text",
    "(extract(epoch FROM event.occurred_at) * 1000000)::bigint::text",
    "event.actor_id::text",
    "event.role",
    "event.action",
    "event.purpose",
    "event.subject_type",
    "event.subject_id",
    "event.patient_id::text",
    "host(event.address)",
    "event.request_id::text",
    "event.detail::text",
)
LINKS = f"""
    SELECT link.position, link.event_id, link.hash, {", ".join(PARTS)}
    FROM clinic_auditlink link LEFT JOIN clinic_auditevent event ON event.id = link.event_id
    WHERE %s OR link.position > %s
    ORDER BY link.position
"""  # noqa: S608  nothing in it comes from outside
WITHOUT_LINK = """
    SELECT event.id FROM clinic_auditevent event
    WHERE NOT EXISTS (SELECT FROM clinic_auditlink link WHERE link.event_id = event.id) ORDER BY event.id LIMIT 1
"""


@dataclass(frozen=True)
class Place:
    """How far the chain was proved."""

    position: int = 0
    hash: str = NOTHING_BEFORE


BEGINNING = Place()


@dataclass(frozen=True)
class Link:
    """A link as it is stored, and the parts of its row; no part is known of a row that is gone."""

    position: int
    event_id: int
    hash: str
    parts: Sequence[str | None]

    @property
    def is_gone(self) -> bool:
        return self.parts[0] is None


class BrokenTrail(Exception):
    """The trail is not what was written. The message names the first broken row."""


def hash_of(*, position: int, hash_before: str, parts: Sequence[str | None]) -> str:
    """What the link at `position` has to say."""
    covered = "".join(f"{_sized(part)}," for part in (str(position), hash_before, *parts))
    return hashlib.sha256(covered.encode()).hexdigest()


def _sized(part: str | None) -> str:
    return "-" if part is None else f"{len(part.encode())}:{part}"


def verified_links(*, after: Place = BEGINNING) -> Iterator[Link]:
    """Every link beyond a place, in its order, each proved before it is given; memory stays flat.

    Raises BrokenTrail at the first that does not hold. Everything is read from one moment's state of the database.
    """
    expected, hash_before = after.position + 1, after.hash
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for link in _links(after):
            _prove(link, expected=expected, hash_before=hash_before)
            yield link
            expected, hash_before = link.position + 1, link.hash
        _prove_that_all_have_links()


def _links(after: Place) -> Iterator[Link]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(LINKS, [after == BEGINNING, after.position])  # nothing may hide before the beginning
        for position, event_id, stored, *parts in cursor:
            yield Link(position, event_id, stored, parts)


def _prove(link: Link, *, expected: int, hash_before: str) -> None:
    if link.position != expected:
        raise BrokenTrail(f"Link {expected} is missing: a row was cut out together with its link.")
    if link.is_gone:
        raise BrokenTrail(f"Row {link.event_id} (link {link.position}) was deleted.")
    if link.hash != hash_of(position=link.position, hash_before=hash_before, parts=link.parts):
        raise BrokenTrail(
            f"Row {link.event_id} (link {link.position}) is not what was written: it, or its place, was changed."
        )


def _prove_that_all_have_links() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_LINK)
        row = cursor.fetchone()
    if row:
        raise BrokenTrail(f"Row {row[0]} has no link: it was put in past the chain.")
