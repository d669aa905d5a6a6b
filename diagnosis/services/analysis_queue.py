"""The queue is the rows. Claiming, finishing, giving back, sweeping and retrying happen here and nowhere else.

Every worker holds what it claimed under a lease with a token of its own. Whoever lost the lease writes nothing.
"""

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic import wake_ups
from clinic.models import User
from clinic.request_context import current_id
from clinic.services import audit, records
from diagnosis.models import Analysis, AnalysisState, CaseStanding, ModelVersion, Priority, SlideImage
from diagnosis.models.analysis import IN_TURN, MAX_ATTEMPTS
from diagnosis.selectors.queues import queue_of
from diagnosis.services.analysis_log import tell_on_commit
from diagnosis.services.tallies import count_ended, put_together

STEP = 2  # images after which a worker looks whether others wait: a single image waits for so many of somebody else
SHARES = 8  # of what waits, of which a worker takes one
MOST_WAKE_UPS = 16  # a wake-up renews itself while work is left, so a few reach every worker process
STOPPED = (
    "stopped",
    gettext_noop("The analysis stopped unexpectedly three times. The image may be damaged; please look at it."),
)


@dataclass(frozen=True)
class Claim:
    """Analyses of one model that this worker may work on until the lease ends."""

    token: UUID
    analyses: Sequence[Analysis]
    since: float = field(default_factory=time.monotonic)


def wake_workers_on_commit(model_version_id: UUID, *, images: int = 1) -> None:
    """Tell the workers, once the current transaction holds, that so many images of a model are waiting."""
    count = min(-(-images // STEP), MOST_WAKE_UPS)
    transaction.on_commit(lambda: _wake_workers(model_version_id, count), robust=True)


def _wake_workers(model_version_id: UUID, count: int) -> None:
    for _each in range(count):
        wake_ups.wake("diagnosis.tasks.analyse_queued", str(model_version_id), queue=queue_of(model_version_id))


def claim_next(*, woken_for: UUID) -> Claim | None:
    """Take a batch of the model whose turn it is; where that comes to nothing, of the one that we were woken for.

    A wake-up stands behind all others in the broker. If each led to its own model's images alone, one image would wait
    behind thousands of another model. Only workers of an assay with a queue of its own keep to that one.
    """
    chosen = woken_for if queue_of(woken_for) else _least_worked_on() or woken_for
    claimed = claim(model_version_id=chosen)
    return claimed if claimed or chosen == woken_for else claim(model_version_id=woken_for)


def _least_worked_on() -> UUID | None:
    """Of the models for which images wait, new ones before those to be read anew, the one with the fewest in hand."""
    with connection.cursor() as cursor:
        cursor.execute(*_choice_of_a_model(tuple(settings.ANALYSIS_OWN_QUEUES)))
        found = cursor.fetchone()
    return found[0] if found else None


@cache
def _choice_of_a_model(assays_apart: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    """The statement: to put it together takes longer than the database needs for it, and each claim begins with it."""
    waiting = _waiting_models(assays_apart).order_by("-first", "in_hand", "pk")
    return waiting.values_list("pk", flat=True)[:1].query.sql_with_params()


def _waiting_models(assays_apart: Iterable[str]) -> QuerySet[Any]:
    """The models for which images wait, each with whether new ones are among them, and how many are in hand; without
    those of assays that have workers of their own."""
    of_model = Analysis.objects.filter(model_version=OuterRef("pk")).order_by()
    queued, running = of_model.filter(state=AnalysisState.QUEUED), of_model.filter(state=AnalysisState.RUNNING)
    in_hand = running.values("model_version").annotate(count=Count("pk")).values("count")
    return (
        ModelVersion.objects.filter(Exists(queued), stopped_at__isnull=True)
        .exclude(assay__in=assays_apart)
        .annotate(first=Exists(queued.filter(priority=Priority.FIRST)), in_hand=Coalesce(Subquery(in_hand), 0))
    )


@transaction.atomic
def claim(*, model_version_id: UUID) -> Claim | None:
    """Take those whose turn it is of one model's waiting analyses, at most a batch and at most a batch's pixels: people
    take turns (diagnosis/models/turns.py), and what is read anew comes after everything else.

    Never more than a small share of what waits, so that other workers have something to do as well. What was lost once
    is tried again alone: if its image brings a worker down, no other image suffers.
    """
    waiting = (
        Analysis.objects.claimable()
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(model_version_id=model_version_id)
        .select_related("image__case", "model_version")
        .defer("model_version__manifest")  # large, the same in every row, and read from the bundle itself
        .order_by(*IN_TURN)
    )
    batch = list(waiting[: _batch_size(model_version_id)])
    if not batch:
        return None
    batch = batch[:1] if batch[0].attempts else _within_memory([one for one in batch if not one.attempts])
    token = uuid.uuid4()
    Analysis.objects.filter(pk__in=[one.pk for one in batch]).update(
        state=AnalysisState.RUNNING,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_expires_at=Now() + settings.ANALYSIS_LEASE,
        started_at=Now(),
    )
    return Claim(token=token, analyses=batch)


def _batch_size(model_version_id: UUID) -> int:
    most = settings.ANALYSIS_BATCH_SIZE
    queued = Analysis.objects.filter(state=AnalysisState.QUEUED, model_version=model_version_id).order_by()
    share = -(-queued[: most * SHARES].count() // SHARES)
    return min(most, max(STEP, share))


def _within_memory(batch: list[Analysis]) -> list[Analysis]:
    pixels = accumulate(one.image.width * one.image.height for one in batch)
    fitting = sum(total <= settings.ANALYSIS_BATCH_PIXELS for total in pixels)
    return batch[: max(1, fitting)]


def others_wait(claim: Claim) -> bool:
    """Whether somebody's turn has come who has no image in this batch, or a model's of which no image is in hand."""
    taken = {(one.priority, one.requested_by_id) for one in claim.analyses}
    model = claim.analyses[0].model_version_id
    line = Analysis.objects.claimable().filter(model_version=model).order_by(*IN_TURN)
    following = line.values_list("priority", "requested_by")[: settings.ANALYSIS_BATCH_SIZE]
    if not taken.issuperset(following):
        return True
    return not queue_of(model) and _waiting_models(settings.ANALYSIS_OWN_QUEUES).filter(first=True, in_hand=0).exists()


def let_go(claim: Claim, analyses: Sequence[Analysis]) -> None:
    """Put back what this claim has not begun with: it keeps its turn, and it was no attempt."""
    _held(claim).filter(pk__in=[one.pk for one in analyses]).update(
        state=AnalysisState.QUEUED,
        attempts=F("attempts") - 1,
        lease_token=None,
        lease_expires_at=None,
        started_at=None,
    )


def renew(claim: Claim) -> None:
    """Put the end of the lease off; called between the steps of a batch.

    Not while most of the lease is still to come, as it is for nearly every batch: each time is another commit.
    """
    if time.monotonic() - claim.since > settings.ANALYSIS_LEASE.total_seconds() / 4:
        _held(claim).update(lease_expires_at=Now() + settings.ANALYSIS_LEASE)


def lock_held(claim: Claim) -> set[UUID]:
    """Lock, for the current transaction, the analyses this claim still holds, and return their ids."""
    held = set(_held(claim).select_for_update(no_key=True).values_list("pk", flat=True))
    _lock_standings(held)
    return held


def finish(ids: Sequence[UUID], *, state: AnalysisState, code: str = "", message: str = "") -> None:
    """End analyses that the current transaction has locked; those that did not succeed keep the reason."""
    if not ids:
        return
    Analysis.objects.filter(pk__in=ids).update(
        state=state,
        lease_token=None,
        lease_expires_at=None,
        finished_at=Now(),
        failure_code=code,
        failure_message=message,
    )
    tell_on_commit(count_ended(ids), what=state.value, reason=code)


def _lock_standings(ids: Iterable[UUID]) -> None:
    """Lock the standings of the analyses' cases in one order: the triggers would in that of several statements.

    Uploads to these cases wait for the transaction. One whose worker is frozen in it ends long before the lease.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = %s", [_longest_idle()])
    cases = Analysis.objects.filter(pk__in=list(ids)).values("image__case")
    standings = CaseStanding.objects.select_for_update(no_key=True).filter(case__in=cases).order_by("pk")
    list(standings.values_list("pk"))


def _longest_idle() -> int:
    return int(settings.ANALYSIS_LEASE.total_seconds() * 1000 / 4)


def _held(claim: Claim) -> QuerySet[Analysis]:
    return Analysis.objects.filter(
        pk__in=[one.pk for one in claim.analyses], state=AnalysisState.RUNNING, lease_token=claim.token
    )


@transaction.atomic
def give_back(claim: Claim, *, excused: bool = False) -> None:
    """Let go of what this claim still holds, after an error. Where it is `excused`, the attempt does not count."""
    if excused:
        _held(claim).update(attempts=F("attempts") - 1)
    _release(_held(claim).select_for_update(no_key=True), action="analysis.given_back")


@transaction.atomic
def sweep() -> None:
    """Re-queue what nobody holds any more, quarantine it when no attempt is left, and wake the workers."""
    lost = Analysis.objects.select_for_update(skip_locked=True, no_key=True).filter(
        state=AnalysisState.RUNNING, lease_expires_at__lt=Now()
    )
    _release(lost, action="analysis.lease_lost")
    put_together()
    waiting = Analysis.objects.claimable().order_by().values_list("model_version").annotate(Count("pk"))
    for model_version_id, count in waiting:
        wake_workers_on_commit(model_version_id, images=count)


def _release(held: QuerySet[Analysis], *, action: str) -> None:
    analyses = list(held.values("pk", "attempts", "request_id"))
    _lock_standings(one["pk"] for one in analyses)
    returned = [one for one in analyses if one["attempts"] < MAX_ATTEMPTS]
    again = [one["pk"] for one in returned]
    spent = [one["pk"] for one in analyses if one["attempts"] >= MAX_ATTEMPTS]
    Analysis.objects.filter(pk__in=again).update(
        state=AnalysisState.QUEUED, lease_token=None, lease_expires_at=None, started_at=None
    )
    code, message = STOPPED
    finish(spent, state=AnalysisState.QUARANTINED, code=code, message=message)
    tell_on_commit(returned, what=action.removeprefix("analysis."))
    _audit(again, action=action)
    _audit(spent, action="analysis.quarantined")


def _audit(ids: Iterable[UUID], *, action: str) -> None:
    analyses = Analysis.objects.filter(pk__in=ids).select_related("image__case")
    audit.record_all(
        actor=None,
        acts=[
            audit.Act(
                action=action,
                subject=one,
                patient_id=one.image.case.patient_id,
                detail={"attempts": one.attempts},
            )
            for one in analyses
        ],
    )


@transaction.atomic
def hand_over_waiting(*, from_model: ModelVersion, to_model: ModelVersion, by: User) -> None:
    """Have images that wait for one model read by another instead, unless that one has read them before.

    Not those that were to be read anew: they have their results, and the sweeper takes them out of the queue.
    """
    others = Analysis.objects.filter(model_version=to_model).values("image")
    waiting = list(
        Analysis.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(state=AnalysisState.QUEUED, model_version=from_model, priority=Priority.FIRST)
        .exclude(image__in=others)
        .select_related("image__case")
        .order_by(*IN_TURN)
    )
    finish([one.pk for one in waiting], state=AnalysisState.CANCELLED)
    taken = Analysis.objects.bulk_create(
        Analysis(image=one.image, model_version=to_model, requested_by=one.requested_by, request_id=one.request_id)
        for one in waiting
    )
    acts = [
        audit.Act(action=action, subject=one, patient_id=one.image.case.patient_id)
        for action, analyses in (("analysis.cancelled", waiting), ("analysis.queued", taken))
        for one in analyses
    ]
    audit.record_all(actor=by, acts=acts)
    wake_workers_on_commit(to_model.pk, images=len(taken))


@transaction.atomic
def retry(*, analysis: Analysis, retried_by: User) -> Analysis:
    """Queue a failed or quarantined analysis again, with fresh attempts. Raises ValidationError for any other, or
    while the patient's record is frozen."""
    seen = Analysis.objects.visible_to(retried_by).filter(pk=analysis.pk).values("image__case__patient").first()
    if seen is None:
        raise PermissionDenied("Only the patient's care team retries an analysis.")
    records.lock_open(patient_id=seen["image__case__patient"], user=retried_by)
    current = (
        Analysis.objects.select_for_update(no_key=True, of=("self",)).select_related("image__case").get(pk=analysis.pk)
    )
    if current.image.withdrawn_at:
        raise ValidationError(_("This image is withdrawn. Put it back to have it analysed."))
    if not current.can_be_retried:
        raise ValidationError(_("Only an analysis that failed can be retried."))
    before = current.state
    Analysis.objects.filter(pk=current.pk).update(
        state=AnalysisState.QUEUED,
        attempts=0,
        priority=Priority.FIRST,
        queued_at=Now(),
        request_id=current_id(),
        started_at=None,
        finished_at=None,
        failure_code="",
        failure_message="",
    )
    audit.record(
        actor=retried_by,
        action="analysis.retried",
        subject=current,
        patient_id=current.image.case.patient_id,
        state_before=before,
    )
    wake_workers_on_commit(current.model_version_id)
    current.refresh_from_db()
    return current


def cancel(*, image: SlideImage, cancelled_by: User) -> None:
    """Take an image's waiting analyses out of the queue, in the transaction that withdraws it."""
    waiting = image.analyses.select_for_update(no_key=True).filter(state=AnalysisState.QUEUED)
    _change(
        image, waiting, by=cancelled_by, action="analysis.cancelled", finished_at=Now(), state=AnalysisState.CANCELLED
    )


def queue_cancelled(*, image: SlideImage, queued_by: User) -> None:
    """Queue an image's cancelled analysis again, in the transaction that puts it back, and wake the workers.

    Only its newest: one before was cancelled when another version took over. Nor one that was to be read anew.
    """
    newest = image.analyses.filter(priority=Priority.FIRST).order_by("-created_at", "-id").values("pk")[:1]
    cancelled = image.analyses.select_for_update(no_key=True).filter(state=AnalysisState.CANCELLED, pk__in=newest)
    _change(
        image,
        cancelled,
        by=queued_by,
        action="analysis.queued_again",
        state=AnalysisState.QUEUED,
        queued_at=Now(),
        request_id=current_id(),
        finished_at=None,
    )
    for model in image.analyses.filter(state=AnalysisState.QUEUED).values_list("model_version", flat=True):
        wake_workers_on_commit(model)


def _change(image: SlideImage, analyses: QuerySet[Analysis], *, by: User, action: str, **fields: object) -> None:
    """Change an image's analyses, and say so for each."""
    found = list(analyses)
    Analysis.objects.filter(pk__in=[one.pk for one in found]).update(**fields)
    acts = [audit.Act(action=action, subject=one, patient_id=image.case.patient_id) for one in found]
    audit.record_all(actor=by, acts=acts)
