"""The live list of a case's images: what the fragment shows, and when it has changed."""

import hashlib
from datetime import timedelta
from typing import Any

from django.utils import timezone

from clinic.models import User
from diagnosis.models import Case
from diagnosis.selectors.cases import CaseCounts, count_images
from diagnosis.selectors.images import ImageStatus, page_of_images
from diagnosis.selectors.reading_progress import progress_of
from diagnosis.selectors.waiting import InQueue

FEW, FRESH = 4, timedelta(seconds=10)  # images whose results are looked for more often, and for how long


def image_list(case: Case, *, person: User, page: str) -> dict[str, Any]:
    """The context of `diagnosis/_image_list.html`; `seen` is a digest of all that it shows.

    Counted first, and asked again while either says that something is to come: a worker that finishes between the two
    queries must not leave a list that shows it as running and is never renewed.
    """
    counts = count_images([case], person=person).get(case.pk) or CaseCounts()
    images = page_of_images(case=case, person=person, number=page)
    is_waiting = counts.pending > 0 or any(map(_is_waiting, images.statuses))
    progress = progress_of(case, person=person)
    rows = [(*_shown(status), progress.states.get(status.image.pk, "")) for status in images.statuses]
    known = (
        progress.read,
        counts.total,
        counts.pending,
        counts.failed,
        counts.malignant,
        counts.not_malignant,
        counts.refer,
    )
    last = max((one.in_queue for one in images.statuses if one.in_queue), key=_position, default=None)
    every = "500ms" if counts.pending <= FEW and all(map(_is_fresh, images.statuses)) else "2s"
    seen = hashlib.sha256(repr((rows, known, last, images.page.number, every)).encode()).hexdigest()[:16]
    return {
        "page": images.page,
        "statuses": images.statuses,
        "counts": counts,
        "progress": progress,
        "next_to_read": progress.next_to_read(),
        "is_waiting": is_waiting,
        "renewed_every": every,
        "last_in_queue": last,
        "seen": seen,
    }


def _is_waiting(status: ImageStatus) -> bool:
    return status.is_waiting


def _is_fresh(status: ImageStatus) -> bool:
    """Whether it does not wait, or not for long yet: who sends one image sees its result once it is there."""
    newest = status.anew or status.analysis
    return not (status.is_waiting and newest) or abs(timezone.now() - newest.queued_at) < FRESH


def _position(place: InQueue) -> int:
    return place.position


def _shown(status: ImageStatus) -> tuple[object, ...]:
    analysis = status.analysis
    state = (analysis.pk, analysis.state, analysis.attempts, analysis.failure_code) if analysis else ()
    anew = (status.anew.pk, status.anew.state) if status.anew else ()
    picture = (status.image.pk, status.image.withdrawn_at, status.image.thumbnail_sha256)
    return (*picture, status.queue_position, status.is_stopped, state, anew)
