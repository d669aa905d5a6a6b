"""What the workers' processes write down about themselves: nobody's data, so the trail has no row of it."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from clinic.models import WorkerProcess

FORGOTTEN_AFTER = timedelta(days=1)  # a process that was killed leaves its row behind


def note_start(*, process: str) -> None:
    """A process begins; rows that others left behind long ago go."""
    WorkerProcess.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER).delete()
    _note(process, started_at=Now(), doing="", doing_since=None)


def note_task(*, process: str, task: str) -> None:
    """A process begins a task."""
    _note(process, doing=task, doing_since=Now())


def note_end(*, process: str, well: bool) -> None:
    """A process is through with its task. Only one that ended well is progress."""
    progress = {"progress_at": Now()} if well else {}
    _note(process, doing="", doing_since=None, **progress)


def note_stop(*, process: str) -> None:
    """A process ends as it should."""
    WorkerProcess.objects.filter(name=process).delete()


def _note(process: str, **fields: Any) -> None:
    """In one statement, whether or not the process was known."""
    told = {"seen_at": Now(), **fields}
    WorkerProcess.objects.bulk_create(
        [WorkerProcess(name=process, **told)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=list(told),
    )
