"""Pages that begin where another ended, rather than after so many rows: as quick far down as at the top, and what is
added meanwhile neither shows a row twice nor hides one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

T = TypeVar("T", bound=Model)
Key = tuple[str, ...]


@dataclass(frozen=True)
class Section(Generic[T]):
    """Rows by `fields`, each up or each down, the last of them unique. A relation is named by its column (`case_id`):
    by its name alone it would stand for the order of what it leads to.

    A list can have several sections, one after the other: what is ordered by other rules stands above the rest.
    """

    name: str
    rows: QuerySet[T]
    fields: Sequence[str]
    is_descending: bool = False

    def beyond(self, key: Key | None, *, size: int, backwards: bool = False) -> list[T]:
        """At most `size` rows after (or before) a key, the nearest first. No key: from the end one comes from."""
        goes_down = self.is_descending is not backwards
        found = self.rows.order_by(*(f"-{name}" if goes_down else name for name in self.fields))
        if key is not None:
            lookup = TupleLessThan if goes_down else TupleGreaterThan
            found = found.filter(lookup(Tuple(*self.fields), self._values(key)))
        return list(found[:size])

    def key_of(self, row: T) -> Key:
        """Where a row stands, as text."""
        return tuple(str(getattr(row, field.attname)) for field in self._columns())

    def fits(self, key: Key) -> bool:
        """Whether the key could be one of this section's: anybody can write an address."""
        try:
            self._values(key)
        except (ValidationError, ValueError):
            return False
        return True

    def _values(self, key: Key) -> tuple[Any, ...]:
        return tuple(column.to_python(text) for column, text in zip(self._columns(), key, strict=True))

    def _columns(self) -> "list[Any]":
        return [self.rows.model._meta.get_field(name) for name in self.fields]  # noqa: SLF001  Django's public name


@dataclass(frozen=True)
class Place:
    """The edge of a page: a section's name and a key in it."""

    section: str
    key: Key

    def __str__(self) -> str:
        return "~".join((self.section, *self.key))


@dataclass(frozen=True)
class KeysetPage(Generic[T]):
    """Rows with their places; `newer` and `older` are where the pages before and after this one are."""

    rows: Sequence[T]
    newer: Place | None
    older: Place | None


def place_from(text: str, sections: Sequence[Section[T]]) -> Place | None:
    """A place as an address has it. None when it is none, or of another list: the first page is shown then."""
    name, *key = text.split("~")
    section = next((one for one in sections if one.name == name), None)
    return Place(name, tuple(key)) if section and section.fits(tuple(key)) else None


def page_after(sections: Sequence[Section[T]], place: Place | None, *, size: int) -> KeysetPage[T]:
    """The rows after a place, or the first ones."""
    found = _walk(sections, place, size=size + 1, backwards=False)
    return _page(found[:size], has_newer=place is not None, has_older=len(found) > size)


def page_before(sections: Sequence[Section[T]], place: Place, *, size: int) -> KeysetPage[T]:
    """The rows before a place."""
    found = _walk(sections, place, size=size + 1, backwards=True)
    return _page(found[:size][::-1], has_newer=len(found) > size, has_older=True)


def _page(found: Sequence[tuple[T, Place]], *, has_newer: bool, has_older: bool) -> KeysetPage[T]:
    return KeysetPage(
        rows=[row for row, _ in found],
        newer=found[0][1] if found and has_newer else None,
        older=found[-1][1] if found and has_older else None,
    )


def _walk(sections: Sequence[Section[T]], place: Place | None, *, size: int, backwards: bool) -> list[tuple[T, Place]]:
    ordered = list(reversed(sections)) if backwards else list(sections)
    start = next((number for number, one in enumerate(ordered) if place and one.name == place.section), 0)
    found: list[tuple[T, Place]] = []
    for section in ordered[start:]:
        key = place.key if place and section.name == place.section else None
        rows = section.beyond(key, size=size - len(found), backwards=backwards) if len(found) < size else []
        found += [(row, Place(section.name, section.key_of(row))) for row in rows]
    return found
