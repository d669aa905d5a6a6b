"""Whether the site can do its work: every part is tried, and what does not answer is named by what it is, not where."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from clinic.models import WorkerProcess

PROBE = "health/probe"
PROBED = b"Written and read back to see that files can be stored.\n"


class NotReady(Exception):
    """A part cannot do its work. The message says so, with nothing of what the part itself said."""


@dataclass(frozen=True)
class Readiness:
    """By part: an empty text, or a sentence on what is wrong with it."""

    parts: Mapping[str, str]

    @property
    def is_ready(self) -> bool:
        return not any(self.parts.values())


@dataclass
class _Kept:
    """The last answer of this process, and when it was found."""

    answer: Readiness | None = None
    at: float = field(default=0.0)


_kept = _Kept()


def readiness() -> Readiness:
    """Try every part. What was found is good for READINESS_KEPT: asking often costs nothing."""
    age = time.monotonic() - _kept.at
    if _kept.answer is None or age >= settings.READINESS_KEPT.total_seconds():
        _kept.answer = Readiness({name: _tried(check) for name, check in CHECKS.items()})
        _kept.at = time.monotonic()
    return _kept.answer


def forget() -> None:
    """Look again the next time."""
    _kept.answer = None


def _tried(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as why:
        return str(why)
    return ""


@contextmanager
def _otherwise(sentence: str, *errors: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except errors:
        raise NotReady(sentence) from None


def check_database() -> None:
    """It answers."""
    with _otherwise("The database does not answer.", DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    """It lets us in and answers."""
    patience = settings.READINESS_PATIENCE.total_seconds()
    hurried = {"socket_connect_timeout": patience, "socket_timeout": patience}
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **hurried}
    with (
        _otherwise("The broker does not answer.", Exception),  # so has each transport
        current_app.connection_for_read(transport_options=options) as broker,
    ):
        broker.ensure_connection(
            max_retries=1, interval_start=0, interval_step=0, interval_max=0, timeout=round(patience)
        )


def check_storage() -> None:
    """A file can be written, and reads as it was written."""
    with _otherwise("Files cannot be written or read.", Exception):  # each kind of storage has errors of its own
        default_storage.save(PROBE, ContentFile(PROBED))
        with default_storage.open(PROBE) as file:
            if file.read() != PROBED:
                raise OSError


def check_worker() -> None:
    """Some worker got something done not long ago."""
    span = settings.WORKER_PROGRESS
    with _otherwise("The database does not answer.", DatabaseError):
        progress = WorkerProcess.objects.filter(progress_at__gte=Now() - span).exists()
    if not progress:
        raise NotReady(f"No worker has finished anything in the last {span.total_seconds():.0f} seconds.")


CHECKS: Mapping[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
    "worker": check_worker,
}
