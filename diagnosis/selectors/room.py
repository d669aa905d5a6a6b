"""Whether there is room for more images, and if not, when it is worth trying again.

It is asked before a request's body is read, so it must cost next to nothing: no more rows are counted than there may
be, and what a process has found is good for a moment.
"""

import time
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from clinic.models import User
from diagnosis.models import Analysis, AnalysisState, Priority
from diagnosis.selectors.models import active_model
from diagnosis.selectors.waiting import LOOK_BACK, pace, rounded

KEPT_FOR = 1.0  # seconds
SOONEST, UNKNOWN, LATEST = 5, 60, 600  # seconds until it is worth trying again


@dataclass
class _Kept:
    """When this process last found models to have room, by their ids."""

    room: dict[UUID, float] = field(default_factory=dict)


_kept = _Kept()


def seconds_until_room(*, person: User, assay: str) -> int | None:
    """In how many seconds the person may send more images of an assay; None: now.

    Only those are put off who have some waiting themselves: nobody is shut out by what others send.
    """
    model = active_model(assay)
    if model is None or not is_full(model.pk) or _waiting_of(person, model.pk) < settings.UPLOADS_ALWAYS_WAITING:
        return None
    if model.stopped_at:
        return LATEST
    speed = pace(model.pk, busy_since=timezone.now() - LOOK_BACK)
    return min(LATEST, max(SOONEST, rounded(settings.UPLOADS_ALWAYS_WAITING / speed))) if speed else UNKNOWN


def is_full(model_version_id: UUID) -> bool:
    """Whether as many images wait for a model as may. That there was room is believed for a moment."""
    now = time.monotonic()
    if now - _kept.room.get(model_version_id, -KEPT_FOR) < KEPT_FOR:
        return False
    most = settings.UPLOADS_MOST_WAITING
    queued = Analysis.objects.filter(
        model_version=model_version_id, priority=Priority.FIRST, state=AnalysisState.QUEUED
    )
    full = queued.order_by()[:most].count() >= most
    if not full:
        _kept.room = {pk: at for pk, at in _kept.room.items() if now - at < KEPT_FOR} | {model_version_id: now}
    return full


def _waiting_of(person: User, model_version_id: UUID) -> int:
    own = Analysis.objects.pending().filter(
        requested_by=person, model_version=model_version_id, priority=Priority.FIRST
    )
    return own.order_by()[: settings.UPLOADS_ALWAYS_WAITING].count()
