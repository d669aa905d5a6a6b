"""Where waiting images stand in the queue, and how long that takes by what the workers finish.

However long the queue is, no more than its first MOST_COUNTED are looked at. An expected wait is told only where the
workers were seen to be busy for long enough: nothing is made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.utils import timezone

from diagnosis.models import Analysis, Prediction
from diagnosis.models.analysis import IN_TURN

MOST_COUNTED = 1000
LOOK_BACK = timedelta(minutes=5)
SAMPLE = 200  # of the newest results
FEWEST = 10  # results by which a pace can be told
MINUTE = 60
# Coarser the longer it takes: up to so many seconds, told in steps of so many.
STEPS = ((10, 10), (MINUTE, 30), (600, 60), (3_600, 300), (float("inf"), 3_600))


@dataclass(frozen=True)
class InQueue:
    """The place of a waiting analysis in the queue of its model (1: next; MOST_COUNTED + 1: that or further back), and
    in how many seconds its result is expected, if that can be told: for one further back, at least."""

    position: int
    seconds: int | None = None

    @property
    def is_far(self) -> bool:
        """Whether more are before it than were counted."""
        return self.position > MOST_COUNTED

    @property
    def most_counted(self) -> int:
        """How many are before it at least, when it is far."""
        return MOST_COUNTED


def queue_places(waiting: Sequence[Analysis]) -> dict[UUID, InQueue]:
    """The place of each waiting analysis, by its id: at most three queries a model.

    What waits because the patient's record is restricted or its model is stopped has no place: it is passed by.
    """
    by_model: dict[UUID, list[UUID]] = {}
    for one in waiting:
        by_model.setdefault(one.model_version_id, []).append(one.pk)
    return {pk: place for model, ids in by_model.items() for pk, place in _places(model, ids).items()}


def pace(model_version_id: UUID, *, busy_since: datetime) -> float | None:
    """How many images of a model the workers finish a second, while images have been waiting since then.

    None when too few were finished to tell.
    """
    now = timezone.now()
    start = max(now - LOOK_BACK, busy_since)
    newest = Prediction.objects.filter(created_at__gte=start).order_by("-created_at", "-id")
    found = list(newest.values_list("created_at", "analysis__model_version")[:SAMPLE])
    if len(found) == SAMPLE:
        start = found[-1][0]
    finished = sum(model == model_version_id for _, model in found)
    seconds = (now - start).total_seconds()
    return finished / seconds if finished >= FEWEST and seconds > 0 else None


def rounded(seconds: float) -> int:
    """As exact as such a guess can be: in steps that grow, and never less than the first."""
    step = _step(seconds)
    return max(1, round(seconds / step) if seconds > MINUTE else ceil(seconds / step)) * step


def _step(seconds: float) -> int:
    return next(step for most, step in STEPS if seconds <= most)


def _wait(position: int, speed: float | None) -> int | None:
    """What is further back than was counted takes longer than this: it is rounded down."""
    if speed is None:
        return None
    seconds = position / speed
    if position <= MOST_COUNTED:
        return rounded(seconds)
    return int(seconds // _step(seconds)) * _step(seconds) or None


def _places(model_version_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, InQueue]:
    line = Analysis.objects.claimable().filter(model_version=model_version_id)
    first = list(line.order_by(*IN_TURN).values_list("pk", "queued_at")[:MOST_COUNTED])
    if not first:
        return {}
    positions = {pk: number for number, (pk, _) in enumerate(first, start=1)}
    if len(first) == MOST_COUNTED and (others := [pk for pk in ids if pk not in positions]):
        far = line.filter(pk__in=others).order_by().values_list("pk", flat=True)
        positions |= dict.fromkeys(far, MOST_COUNTED + 1)
    speed = pace(model_version_id, busy_since=min(at for _, at in first))
    return {pk: InQueue(positions[pk], _wait(positions[pk], speed)) for pk in ids if pk in positions}
