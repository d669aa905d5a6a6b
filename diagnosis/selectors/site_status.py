"""How the site is doing, for its administrators: figures, ids and codes, never anything of a patient.

Every figure is cheap at a million rows: it reads a partial index of what waits, runs or failed, and stops counting at
MOST_COUNTED.
"""

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils import timezone

from clinic.models import WorkerProcess
from clinic.services.readiness import Readiness, readiness
from clinic.version import VERSION
from diagnosis.models import (
    Analysis,
    AnalysisState,
    Backup,
    CheckedThing,
    IntegrityCheck,
    ModelState,
    ModelVersion,
    Priority,
)
from diagnosis.models.analysis import IN_TURN, RETRYABLE

MOST_COUNTED = 10_000
MOST_SHOWN = 100
PACKAGES = ("Django", "djangorestframework", "celery", "psycopg2-binary", "openvino", "numpy", "pillow")


@dataclass(frozen=True)
class Queue:
    """What waits for one model. `waiting` stops at MOST_COUNTED, and the oldest is that of these."""

    model: ModelVersion
    waiting: int
    oldest: datetime
    is_full: bool = False  # whoever has some waiting is put off

    @property
    def has_more(self) -> bool:
        return self.waiting >= MOST_COUNTED


@dataclass(frozen=True)
class Lease:
    """A batch that some worker has taken, until when it must be heard of again."""

    model: str
    images: int
    since: datetime
    until: datetime

    @property
    def is_lost(self) -> bool:
        return self.until < timezone.now()


@dataclass(frozen=True)
class Failures:
    """Analyses that ended for one reason and wait for a person."""

    code: str
    state: str
    count: int
    newest: datetime


@dataclass(frozen=True)
class Sizes:
    """Bytes. What the store holds is known since the last check; what is free, for a folder of ours."""

    database: int
    stored: int | None
    free: int | None


@dataclass(frozen=True)
class SiteStatus:
    """All of it, at one moment."""

    at: datetime
    readiness: Readiness
    queues: Sequence[Queue]
    leases: Sequence[Lease]
    workers: Sequence[WorkerProcess]
    failures: Sequence[Failures]
    sizes: Sizes
    versions: Mapping[str, str]
    models: Sequence[ModelVersion]
    backup: Backup | None
    files: IntegrityCheck | None
    trail: IntegrityCheck | None


def site_status() -> SiteStatus:
    """How the site is doing now."""
    files = last_check(CheckedThing.FILES)
    return SiteStatus(
        at=timezone.now(),
        readiness=readiness(),
        queues=queues(),
        leases=_leases(),
        workers=list(WorkerProcess.objects.order_by("name")[:MOST_SHOWN]),
        failures=_failures(),
        sizes=_sizes(files),
        versions=_versions(),
        models=list(ModelVersion.objects.filter(state=ModelState.ACTIVE).defer("manifest")),
        backup=Backup.objects.first(),
        files=files,
        trail=last_check(CheckedThing.TRAIL),
    )


def last_check(thing: CheckedThing) -> IntegrityCheck | None:
    """The newest check of the thing that went to its end."""
    return IntegrityCheck.objects.filter(thing=thing, ended_at__isnull=False).first()


def queues() -> list[Queue]:
    """What waits, for each model for which anything does."""
    waiting = Analysis.objects.filter(state=AnalysisState.QUEUED)
    models = ModelVersion.objects.filter(Exists(waiting.filter(model_version=OuterRef("pk")))).defer("manifest")
    return [_queue(model) for model in models]


def _queue(model: ModelVersion) -> Queue:
    """By the first of the queue: what is read anew stands behind all others."""
    most = settings.UPLOADS_MOST_WAITING
    line = Analysis.objects.filter(state=AnalysisState.QUEUED, model_version=model).order_by(*IN_TURN)
    by_doctors = Count("pk", filter=Q(priority=Priority.FIRST))
    found = line[: max(MOST_COUNTED, most)].aggregate(waiting=Count("pk"), sent=by_doctors, oldest=Min("queued_at"))
    return Queue(
        model=model,
        waiting=min(found["waiting"], MOST_COUNTED),
        oldest=found["oldest"] or timezone.now(),
        is_full=found["sent"] >= most,
    )


def _leases() -> list[Lease]:
    running = Analysis.objects.filter(state=AnalysisState.RUNNING).order_by()
    batches = running.values("lease_token", "model_version__name", "model_version__version").annotate(
        images=Count("pk"), since=Min("started_at"), until=Max("lease_expires_at")
    )
    return [
        Lease(
            model=f"{one['model_version__name']} {one['model_version__version']}",
            images=one["images"],
            since=one["since"],
            until=one["until"],
        )
        for one in batches.order_by("until")[:MOST_SHOWN]
    ]


def _failures() -> list[Failures]:
    failed = Analysis.objects.filter(state__in=RETRYABLE).order_by()
    kinds = failed.values("failure_code", "state").annotate(count=Count("pk"), newest=Max("queued_at"))
    return [
        Failures(code=one["failure_code"], state=one["state"], count=one["count"], newest=one["newest"])
        for one in kinds.order_by("-count")[:MOST_SHOWN]
    ]


def _sizes(files: IntegrityCheck | None) -> Sizes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone() or (0,)
    return Sizes(database=database, stored=files.bytes_read if files else None, free=free_bytes())


def free_bytes() -> int | None:
    """What is free where files are kept; None where nobody knows, such as in an object store."""
    if settings.FILE_STORAGE != "disk":
        return None
    try:
        return shutil.disk_usage(settings.MEDIA_ROOT).free
    except OSError:
        return None


def _versions() -> Mapping[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone() or ("",)
    return {
        "Second Read": VERSION,
        "Python": platform.python_version(),
        "PostgreSQL": postgresql,
        "Broker": _broker_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _broker_version() -> str:
    """What the broker says it is; empty when it says nothing."""
    if readiness().parts.get("broker"):
        return ""
    try:
        with current_app.connection_for_read() as broker:
            channel: Any = broker.default_channel
            told: Mapping[str, Any] = channel.client.info("server")
    except Exception:  # noqa: BLE001  each transport has errors, and clients, of its own
        return ""
    name = "Valkey" if "valkey_version" in told else "Redis"
    return f"{name} {told.get('valkey_version') or told.get('redis_version', '')}"
