"""For how long images waited for their results, by the database's own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from diagnosis.models import Analysis, AnalysisState


@dataclass(frozen=True)
class Waits:
    """The median, what one in twenty waited longer than, and the longest; in seconds."""

    median: float
    nearly_all: float
    longest: float


def waits_of(ids: Sequence[UUID]) -> Waits:
    """From being taken in to the result; those without any are left out."""
    done = Analysis.objects.filter(pk__in=ids, state=AnalysisState.SUCCEEDED)
    return told([(one.finished_at - one.created_at).total_seconds() for one in done if one.finished_at])


def told(seconds: Sequence[float]) -> Waits:
    """Waits as three figures; nothing where nobody waited."""
    if not seconds:
        return Waits(0.0, 0.0, 0.0)
    median, nearly_all = np.percentile(seconds, [50, 95])
    return Waits(float(median), float(nearly_all), max(seconds))


def until_all_were_done(moment: datetime) -> float:
    """How long it took until everything that was taken in and not done at a moment was done, in seconds."""
    caught = Analysis.objects.filter(created_at__lte=moment, finished_at__gt=moment).order_by("-finished_at").first()
    return (caught.finished_at - moment).total_seconds() if caught and caught.finished_at else 0.0
