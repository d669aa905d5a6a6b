"""The whole proof of the trail: the chain, and the signed heads that it must pass through."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinic.services.audit_chain import BrokenTrail, Link, verified_links
from clinic.services.audit_heads import Head, read_heads


@dataclass(frozen=True)
class Proof:
    """What was proved: so many rows, and the heads on the way."""

    rows: int
    heads: Sequence[Head]


def prove_trail(*, heads_folder: Path) -> Proof:
    """Prove every row. Raises BrokenTrail, which names the first broken one."""
    heads = read_heads(heads_folder)  # before the rows: one signed meanwhile may name a row that this look misses
    expected: dict[int, list[Head]] = defaultdict(list)
    for head in heads:
        expected[head.position].append(head)
    last = None
    for link in verified_links():
        for head in expected.pop(link.position, ()):
            _compare(link, head)
        last = link
    _prove_that_nothing_is_cut(last, (head for heads_there in expected.values() for head in heads_there))
    return Proof(rows=last.position if last else 0, heads=heads)


def _compare(link: Link, head: Head) -> None:
    if (link.hash, link.event_id) != (head.hash, head.event_id):
        raise BrokenTrail(
            f"Row {link.event_id} (link {link.position}) is not what the head of {head.name} was signed for: "
            "this row or one before it was changed, and the chain made anew."
        )


def _prove_that_nothing_is_cut(last: Link | None, beyond: Iterable[Head]) -> None:
    end = f"row {last.event_id} (link {last.position})" if last else "its beginning"
    for head in beyond:
        named = f"row {head.event_id} (link {head.position})"
        raise BrokenTrail(f"The tail is cut off after {end}: the head of {head.name} names {named}.")
