"""What is looked for every few seconds, in case a worker died or a message was lost."""

import time
from dataclasses import dataclass

from django.conf import settings

from diagnosis.services import analysis_queue, evaluating, reanalysis_queue, report_drawings, shadowing


@dataclass
class _Last:
    """When this process swept, by a clock that nobody sets."""

    at: float | None = None


_last = _Last()


def sweep() -> None:
    """Re-queue what was lost and wake the workers for what waits. Nothing where this process did so just now: the
    scheduler's messages of two hours may have waited for a worker."""
    now = time.monotonic()
    if _last.at is not None and now - _last.at < settings.ANALYSIS_SWEEP_PERIOD.total_seconds() / 2:
        return
    _last.at = now
    analysis_queue.sweep()
    reanalysis_queue.sweep()
    evaluating.sweep_evaluations()
    report_drawings.sweep()
    shadowing.sweep_shadows()


def forget() -> None:
    """Sweep the next time, whenever the last time was."""
    _last.at = None
