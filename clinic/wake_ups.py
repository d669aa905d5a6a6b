"""Messages that only wake a worker: what there is to do stands in rows, so none may hold up whoever sends it."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


@dataclass
class _Silence:
    """Until when this process does not try again. Two hundred images in one request must not wait for it each."""

    until: float = 0.0


_silence = _Silence()


def wake(task: str, *ids: object, queue: str = "") -> None:
    """Have a worker do a task, one that listens to `queue` where that is given.

    A broker that does not answer is left alone for a while: the sweeper sends for it.
    """
    if time.monotonic() < _silence.until:
        return
    try:
        current_app.send_task(task, args=list(ids), **_options(queue))
    except (OperationalError, OSError):
        _silence.until = time.monotonic() + settings.ANALYSIS_SWEEP_PERIOD.total_seconds()
        logger.warning("The broker does not answer; the sweeper will wake the workers later.")


def _options(queue: str) -> dict[str, Any]:
    return {"queue": queue} if queue else {}


def forget() -> None:
    """Try again the next time."""
    _silence.until = 0.0
