"""Proving, part by part, that every stored file and the trail are what was stored. What is found is a row.

A worker takes a few seconds' worth and passes the rest on, so that images that wait come between.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from clinic import wake_ups
from clinic.services import audit
from clinic.services.audit_chain import BEGINNING, BrokenTrail, Place
from clinic.services.audit_heads import read_heads
from clinic.services.audit_proof import prove_on
from diagnosis.models import CheckedThing, IntegrityCheck
from diagnosis.services.stored_files_check import check_stored_files

logger = logging.getLogger(__name__)

Enough = Callable[[], bool]
HELD = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)  # how long a part may take at most
PROGRESS = ("busy_until", "ended_at", "position", "carried", "checked", "bytes_read", "problem_count", "problems")


def check_everything(thing: CheckedThing) -> IntegrityCheck:
    """One whole check, from beginning to end."""
    check = IntegrityCheck.objects.create(thing=thing, busy_until=Now() + settings.INTEGRITY_PERIOD)
    _check_on(check, enough=lambda: False)
    return check


def begin_due_checks() -> None:
    """Begin what was not begun within INTEGRITY_PERIOD, and go on with what was cut off."""
    for thing in CheckedThing:
        newest = IntegrityCheck.objects.filter(thing=thing).first()
        if newest is None or newest.started_at <= timezone.now() - settings.INTEGRITY_PERIOD:
            newest = IntegrityCheck.objects.create(thing=thing)
        if newest.ended_at is None:
            check_part(check_id=newest.pk)


def check_part(*, check_id: int) -> None:
    """Go on with a check for INTEGRITY_CHUNK, and have the rest done later. Nothing where another is at it."""
    free = IntegrityCheck.objects.filter(pk=check_id, ended_at=None, busy_until__lte=Now())
    if not free.update(busy_until=Now() + HELD):
        return
    check = IntegrityCheck.objects.get(pk=check_id)
    deadline = time.monotonic() + settings.INTEGRITY_CHUNK.total_seconds()
    if not _check_on(check, enough=lambda: time.monotonic() >= deadline):
        _pass_on(check)


def _pass_on(check: IntegrityCheck) -> None:
    wake_ups.wake("diagnosis.tasks.check_part", check.pk)


def _check_on(check: IntegrityCheck, *, enough: Enough) -> bool:
    """Go on until the end or until it is enough; returns whether it ended."""
    done = check_stored_files(check, enough) if check.thing == CheckedThing.FILES else _check_trail(check, enough)
    check.busy_until = timezone.now()
    if not done:
        check.save(update_fields=PROGRESS)
        return False
    check.ended_at = timezone.now()
    _end(check)
    return True


@transaction.atomic
def _end(check: IntegrityCheck) -> None:
    check.save(update_fields=PROGRESS)
    audit.record(
        actor=None,
        action="integrity.checked",
        subject=check,
        thing=check.thing,
        checked=check.checked,
        problems=check.problem_count,
    )
    if check.problem_count:
        logger.error("The check of %s found %d problems; the status page names them.", check.thing, check.problem_count)


def _check_trail(check: IntegrityCheck, enough: Enough) -> bool:
    after = Place(int(check.position), check.carried) if check.position else BEGINNING
    try:
        place, done = prove_on(after=after, heads=read_heads(settings.AUDIT_HEADS_DIR), enough=enough)
    except BrokenTrail as broken:
        check.note("trail", str(broken))
        return True  # nothing beyond the first broken row is proved by going on
    check.position, check.carried, check.checked = str(place.position), place.hash, place.position
    return done
