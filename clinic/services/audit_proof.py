"""The whole proof of the trail: the chain, and the signed heads that it must pass through."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinic.models import AuditLink
from clinic.services.audit_chain import BEGINNING, BrokenTrail, Link, Place, verified_links
from clinic.services.audit_heads import Head, read_heads


@dataclass(frozen=True)
class Proof:
    """What was proved: so many rows, and the heads on the way."""

    rows: int
    heads: Sequence[Head]


def prove_trail(*, heads_folder: Path) -> Proof:
    """Prove every row. Raises BrokenTrail, which names the first broken one."""
    heads = read_heads(heads_folder)  # before the rows: one signed meanwhile may name a row that this look misses
    place, _ = prove_on(after=BEGINNING, heads=heads, enough=lambda: False)
    return Proof(rows=place.position, heads=heads)


def prove_on(*, after: Place, heads: Sequence[Head], enough: Callable[[], bool]) -> tuple[Place, bool]:
    """Prove the trail beyond a place, to its end or until it is enough.

    Returns how far it went, and whether that is the end. Raises BrokenTrail, which names the first broken row.
    """
    expected: dict[int, list[Head]] = defaultdict(list)
    for head in heads:
        if head.position > after.position:
            expected[head.position].append(head)
    place = after
    for link in verified_links(after=after):
        for head in expected.pop(link.position, ()):
            _compare(link, head)
        place = Place(link.position, link.hash)
        if enough():
            return place, False
    _prove_that_nothing_is_cut(place, (head for heads_there in expected.values() for head in heads_there))
    return place, True


def _compare(link: Link, head: Head) -> None:
    if (link.hash, link.event_id) != (head.hash, head.event_id):
        raise BrokenTrail(
            f"Row {link.event_id} (link {link.position}) is not what the head of {head.name} was signed for: "
            "this row or one before it was changed, and the chain made anew."
        )


def _prove_that_nothing_is_cut(last: Place, beyond: Iterable[Head]) -> None:
    for head in beyond:
        named = f"row {head.event_id} (link {head.position})"
        raise BrokenTrail(f"The tail is cut off after {_told(last)}: the head of {head.name} names {named}.")


def _told(place: Place) -> str:
    link = AuditLink.objects.filter(position=place.position).first()
    return f"row {link.event_id} (link {link.position})" if link else "its beginning"
