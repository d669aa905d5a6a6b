"""Removing files that no row refers to any more.

Equal files of different patients are one file in the store. So whoever removes one holds a lock on its digest while
looking for rows, and whoever writes a row that refers to one holds it too (`keep_files`): a file is never removed
under a row that is just being written.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from diagnosis.models import FileToRemove
from diagnosis.selectors.record_rows import digest_fields
from diagnosis.services import file_store

logger = logging.getLogger(__name__)

AT_ONCE = 100  # of so many constants PostgreSQL still sees that none is empty, which the indexes leave out
# A copy of what the model's own row says: a model is never deleted, so it need not be looked for in a million results.
COPIES = {("diagnosis.prediction", "model_sha256")}
GRACE = timedelta(hours=24)  # between storing a file and writing the row that refers to it
BACKUP_LOCK = 7_203_115_001  # held while a backup is made: files stay until it is done
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(digest, 0)) FROM unnest(%s::text[]) digest"
SHARED_LOCK = LOCK.replace("lock(", "lock_shared(", 1)


def keep_files(digests: Iterable[str]) -> list[str]:
    """Until the current transaction ends, nobody removes these files. Returns those that are gone: store them again."""
    wanted = sorted(set(digests) - {""})
    _lock(SHARED_LOCK, wanted)
    return [sha256 for sha256 in wanted if not file_store.exists(sha256)]


def remove_noted_files() -> int:
    """Remove the files that erasures left without a row. Returns how many went; what fails is tried again next time."""
    noted = list(FileToRemove.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_remove(batch) for batch in _batches(noted))


def remove_forgotten_files() -> int:
    """Remove what a crash left behind: files older than a day that no row ever referred to, and half-written ones."""
    return sum(_remove(batch) for batch in _batches(file_store.stored_before(GRACE)))


@transaction.atomic
def _remove(digests: Sequence[str]) -> int:
    if _a_backup_is_made():
        return 0  # the next sweep removes them
    _lock(LOCK, sorted(digests))
    unwanted = set(digests) - referred_to(digests)
    for sha256 in unwanted:
        file_store.remove(sha256)
    FileToRemove.objects.filter(pk__in=digests).delete()
    return len(unwanted)


def referred_to(digests: Iterable[str]) -> set[str]:
    """Those of the digests that any row of any table refers to."""
    found: set[str] = set()
    for batch in _batches(digests):
        for model, name in references():
            rows = model._base_manager.filter(**{f"{name}__in": batch})  # noqa: SLF001
            found.update(rows.values_list(name, flat=True))
    return found


def references() -> list[tuple[type[Model], str]]:
    """Every field of every table that names a file of the store, each with an index to be found by."""
    models = [model for model in apps.get_models() if model is not FileToRemove]
    named = [(model, name) for model in models for name in digest_fields(model)]
    return [(model, name) for model, name in named if (model._meta.label_lower, name) not in COPIES]  # noqa: SLF001


def _batches(digests: Iterable[str]) -> Iterator[list[str]]:
    left = iter(digests)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _a_backup_is_made() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [BACKUP_LOCK])
        (free,) = cursor.fetchone() or (False,)
    return not free


def _lock(statement: str, digests: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(digests)])
