"""The Celery application, and the one decorator every task uses."""

import logging.config
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import Celery, Task, signals
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections

import clinic.task_log  # noqa: F401  web processes send messages and never load the tasks
from clinic.checks import refuse_to_start_unfit
from clinic.settings import safety

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")  # the one that refuses to start unsafe

HURRIED = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds


class PatientWithNobody(Celery):
    """Celery's application; whoever sends a message gives a broker that hangs a second, as a person waits meanwhile.

    Workers, who listen, have the patience of the settings.
    """

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """A connection for messages that are sent."""
        hurried = {**(options.pop("transport_options", None) or {}), **HURRIED}
        return super().connection_for_write(url, transport_options=hurried, **options)


app = PatientWithNobody("second_read")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery closes the database's connection after each task, and for one image a new one takes as long as reading it.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize


@signals.task_prerun.connect
@signals.task_postrun.connect
def keep_what_works(sender: Any, **_: object) -> None:
    """As web processes do around a request: a connection is kept for CONN_MAX_AGE, and given up when it broke."""
    if not sender.request.is_eager:  # the caller's own connection, perhaps in the middle of a transaction
        close_old_connections()


@signals.worker_init.connect
def check_the_start(**_: object) -> None:
    """A worker starts neither where the trail is within its reach nor on an older schema.

    Celery would only log another exception.
    """
    try:
        refuse_to_start_unfit()
    except ImproperlyConfigured as refusal:
        safety.refuse([str(refusal)])


@signals.setup_logging.connect
def log_as_everywhere(loglevel: int | str | None = None, **_: object) -> None:
    """Celery's own words about a failed task quote its error; ours do not (clinic.logs)."""
    logging.config.dictConfig(settings.LOGGING)
    if loglevel:
        logging.getLogger().setLevel(loglevel)


class TooMuchMemory(Exception):
    """A task asked for more memory than its process may take (clinic/worker_memory.py)."""


def _sparing_the_worker(function: Callable[..., None]) -> Callable[..., None]:
    """Celery takes a MemoryError of one task for the end of the whole worker."""

    @wraps(function)
    def spared(*ids: Any, **options: Any) -> None:
        try:
            function(*ids, **options)
        except MemoryError as error:
            raise TooMuchMemory from error

    return spared


def task(function: Callable[..., None]) -> Task[Any, None]:
    """A task of this project: ids in, one service call, nothing returned.

    Late acknowledgement, prefetch of one, JSON and time limits are settings. A lost task is not redelivered at
    once (reject-on-lost): a crashing image would loop for ever. The sweeper wakes the worker again instead.
    """
    options: dict[str, Any] = {"acks_late": True, "reject_on_worker_lost": False, "ignore_result": True}
    registered: Task[Any, None] = app.task(**options)(_sparing_the_worker(function))
    return registered
