"""The Celery application, and the one decorator every task uses."""

import os
from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

from clinic.checks import refuse_to_start_within_reach_of_the_trail

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")  # the one that refuses to start unsafe

app = Celery("second_read")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check_the_start(**_: object) -> None:
    """A worker does not start where the trail is within its reach. (Celery would only log another exception.)"""
    try:
        refuse_to_start_within_reach_of_the_trail()
    except ImproperlyConfigured as refusal:
        raise SystemExit(str(refusal)) from None


def task(function: Callable[..., None]) -> Task[Any, None]:
    """A task of this project: ids in, one service call, nothing returned.

    Late acknowledgement, prefetch of one, JSON and time limits are settings. A lost task is not redelivered at
    once (reject-on-lost): a crashing image would loop for ever. The sweeper wakes the worker again instead.
    """
    registered: Task[Any, None] = app.task(acks_late=True, reject_on_worker_lost=False, ignore_result=True)(function)
    return registered
