"""Holding every stored file against its digest, and the files against the rows that refer to them.

The digests are taken in ranges, so that the rows of one fit into memory; each range reads every table once. What
looks wrong is looked at once more before it is said: an erasure or an upload may have come between.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Model, Q
from django.utils import timezone

from diagnosis.models import IntegrityCheck
from diagnosis.services import file_store
from diagnosis.services.file_removal import GRACE, references, referred_to

FOLDERS_AT_ONCE = 4  # of 256: of a million images about a hundred thousand digests
BEYOND = "g"  # greater than any digest
UNREADABLE = (file_store.DamagedFile, OSError)  # an OSError: the disk itself gave up on this file
MISSING, DAMAGED, UNREFERRED, WRONG_SIZE = "missing", "damaged", "without_row", "wrong_size"


@dataclass
class _Suspects:
    """What looks wrong in one range, by kind."""

    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def confirmed(self) -> Iterator[tuple[str, str]]:
        """Those that are still wrong."""
        for kind, digests in self.found.items():
            wanted = referred_to(digests)
            for sha256 in digests:
                if (sha256 in wanted) != (kind == UNREFERRED) and _is_still(kind, sha256):
                    yield kind, sha256


def check_stored_files(check: IntegrityCheck, enough: Callable[[], bool]) -> bool:
    """Go on from where the check is. Returns whether it came to the end."""
    left = ((low, high) for low, high in _ranges() if check.position < high)
    return all(_check_range(check, low, high, enough) for low, high in left)


def digests_referred_to() -> Iterator[str]:
    """Every digest that a row refers to, sorted."""
    for low, high in _ranges():
        yield from sorted(_sizes_of_rows(low, high))


def _ranges() -> Iterator[tuple[str, str]]:
    lows = file_store.FOLDERS[::FOLDERS_AT_ONCE]
    yield from zip(lows, [*lows[1:], BEYOND], strict=True)


def _check_range(check: IntegrityCheck, low: str, high: str, enough: Callable[[], bool]) -> bool:
    rows = _sizes_of_rows(low, high)  # before the files: a file is stored before its row
    stored = dict(file_store.stored_between(low, high))
    old = timezone.now() - GRACE
    suspects = _Suspects()
    for sha256 in sorted(rows.keys() | stored.keys()):
        if sha256 <= check.position:
            continue
        if sha256 not in stored:
            suspects.found[MISSING].append(sha256)
        elif sha256 in rows:
            _read(check, sha256, rows[sha256], suspects)
        elif stored[sha256] < old:
            suspects.found[UNREFERRED].append(sha256)
        check.position = sha256
        check.checked += 1
        if enough():
            break
    else:
        check.position = high
    for kind, sha256 in suspects.confirmed():
        check.note(kind, sha256)
    return check.position == high


def _read(check: IntegrityCheck, sha256: str, size: int | None, suspects: _Suspects) -> None:
    try:
        read = file_store.verify(sha256)
    except UNREADABLE:
        suspects.found[DAMAGED].append(sha256)
        return
    check.bytes_read += read
    if size is not None and size != read:
        suspects.found[WRONG_SIZE].append(sha256)


def _is_still(kind: str, sha256: str) -> bool:
    if kind == MISSING:
        return not file_store.exists(sha256)
    if kind == DAMAGED:
        return _is_damaged(sha256)
    return True


def _is_damaged(sha256: str) -> bool:
    try:
        file_store.verify(sha256)
    except UNREADABLE:
        return True
    return False


def _sizes_of_rows(low: str, high: str) -> Mapping[str, int | None]:
    """Every digest of the range that a row refers to, with the size that the row gives, where it gives one."""
    found: dict[str, int | None] = {}
    for model, names in _fields().items():
        sized = {"sha256": "size_bytes"} if {"sha256", "size_bytes"} <= _names(model) else {}
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"{name}__gte": low, f"{name}__lt": high})
        columns = [*names, *sized.values()]
        for row in model._base_manager.filter(wanted).order_by().values(*columns).iterator():  # noqa: SLF001
            for name in names:
                if low <= row[name] < high:
                    found[row[name]] = row[sized[name]] if name in sized else found.get(row[name])
    return found


def _fields() -> Mapping[type[Model], list[str]]:
    by_model: dict[type[Model], list[str]] = defaultdict(list)
    for model, name in references():
        by_model[model].append(name)
    return by_model


def _names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields()}  # noqa: SLF001  Django's public name
