"""Retrying and cancelling analyses, one or all that fit a filter, by an administrator who sees ids and codes.

As many rows of the trail are written as analyses were changed, in the same transactions.
"""

from collections.abc import Callable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now

from clinic.models import User
from clinic.request_context import current_id
from clinic.services import audit
from diagnosis.models import Analysis, AnalysisState
from diagnosis.models.analysis import RETRYABLE
from diagnosis.selectors.stuck_analyses import Wanted
from diagnosis.services import analysis_queue

AT_ONCE = 500
MOST = 10_000  # in one go: the person waits for it

Change = Callable[[Sequence[Analysis], User], None]


def retry_all(*, wanted: Wanted, retried_by: User) -> int:
    """Queue all that failed or were set aside and fit, with fresh attempts. Returns how many, MOST at the most."""
    return _change(wanted, retried_by, _retry) if wanted.state in RETRYABLE else 0


def cancel_all(*, wanted: Wanted, cancelled_by: User) -> int:
    """Cancel all that wait and fit; those that a worker has taken meanwhile go on. Returns how many."""
    return _change(wanted, cancelled_by, _cancel) if wanted.state == AnalysisState.QUEUED else 0


def _change(wanted: Wanted, person: User, change: Change) -> int:
    if not person.is_administrator:
        raise PermissionDenied("Only administrators look after the queue.")
    changed = 0
    while changed < MOST and (batch := _change_batch(wanted, person, change)):
        changed += batch
    return changed


@transaction.atomic
def _change_batch(wanted: Wanted, person: User, change: Change) -> int:
    rows = wanted.analyses().select_related("image__case").order_by("queued_at", "pk")
    batch = list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",))[:AT_ONCE])
    if batch:
        change(batch, person)
    return len(batch)


def _retry(batch: Sequence[Analysis], person: User) -> None:
    Analysis.objects.filter(pk__in=[one.pk for one in batch]).update(
        state=AnalysisState.QUEUED,
        attempts=0,
        queued_at=Now(),
        request_id=current_id(),
        started_at=None,
        finished_at=None,
        failure_code="",
        failure_message="",
    )
    _record("analysis.retried", batch, person)
    for model in {one.model_version_id for one in batch}:
        analysis_queue.wake_workers_on_commit(model)


def _cancel(batch: Sequence[Analysis], person: User) -> None:
    analysis_queue.finish([one.pk for one in batch], state=AnalysisState.CANCELLED)
    _record("analysis.cancelled", batch, person)


def _record(action: str, batch: Sequence[Analysis], person: User) -> None:
    acts = [
        audit.Act(
            action=action,
            subject=one,
            patient_id=one.image.case.patient_id,
            detail={"state_before": one.state, "code": one.failure_code},
        )
        for one in batch
    ]
    audit.record_all(actor=person, acts=acts)
