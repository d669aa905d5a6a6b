"""Claiming, giving back, sweeping and retrying: the row is the truth about the work."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InternalError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from clinic.models import AuditEvent, User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from diagnosis.services import analysis_queue
from tests.factories import ModelVersionFactory

Queue = Callable[..., list[Analysis]]


@pytest.fixture
def queue(case: Case, model: ModelVersion, owner: User) -> Queue:
    """Put images in the queue; only their rows, no files."""

    def put(count: int = 1, *, side: int = 224) -> list[Analysis]:
        start = SlideImage.objects.count()
        images = [
            SlideImage.objects.create(
                case=case,
                uploaded_name="field.png",
                sha256=f"{start + number:064x}",
                size_bytes=1,
                file_format="PNG",
                width=side,
                height=side,
                created_by=owner,
            )
            for number in range(count)
        ]
        return [Analysis.objects.create(image=image, model_version=model, requested_by=owner) for image in images]

    return put


def let_the_lease_run_out() -> None:
    Analysis.objects.filter(state=AnalysisState.RUNNING).update(lease_expires_at=Now() - timedelta(seconds=1))


def test_it_claims_the_oldest_up_to_a_batch(queue: Queue, model: ModelVersion, settings: Settings) -> None:
    settings.ANALYSIS_BATCH_SIZE = 3
    waiting = queue(24)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert [one.pk for one in claim.analyses] == [one.pk for one in waiting[:3]]
    assert Analysis.objects.filter(state=AnalysisState.RUNNING, attempts=1, lease_token=claim.token).count() == 3


def test_it_leaves_most_of_what_waits_to_other_workers(queue: Queue, model: ModelVersion, settings: Settings) -> None:
    settings.ANALYSIS_BATCH_SIZE = 16
    queue(24)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert len(claim.analyses) == 3


def test_what_a_worker_lets_go_keeps_its_turn_and_its_attempts(
    queue: Queue, model: ModelVersion, settings: Settings
) -> None:
    settings.ANALYSIS_BATCH_SIZE = 3
    waiting = queue(24)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    analysis_queue.let_go(claim, claim.analyses[1:])
    assert analysis_queue.lock_held(claim) == {waiting[0].pk}
    again = analysis_queue.claim(model_version_id=model.pk)
    assert again is not None
    assert [one.pk for one in again.analyses] == [one.pk for one in waiting[1:4]]
    assert {one.attempts for one in again.analyses} == {0}


def test_it_claims_no_more_pixels_than_fit_in_memory(queue: Queue, model: ModelVersion) -> None:
    queue(3, side=6_000)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert len(claim.analyses) == 1


def test_it_claims_nothing_of_another_model(queue: Queue) -> None:
    queue(1)
    assert analysis_queue.claim(model_version_id=ModelVersionFactory.create(assay="breast").pk) is None


def test_what_was_lost_once_is_claimed_alone(queue: Queue, model: ModelVersion, settings: Settings) -> None:
    settings.ANALYSIS_BATCH_SIZE = 4
    queue(32)
    first = analysis_queue.claim(model_version_id=model.pk)
    assert first is not None
    assert len(first.analyses) == 4
    let_the_lease_run_out()
    analysis_queue.sweep()
    again = analysis_queue.claim(model_version_id=model.pk)
    assert again is not None
    assert len(again.analyses) == 1


def test_a_live_lease_is_left_alone(queue: Queue, model: ModelVersion) -> None:
    queue(1)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    analysis_queue.sweep()
    assert analysis_queue.lock_held(claim) == {claim.analyses[0].pk}


def test_renewing_puts_the_end_of_the_lease_off(queue: Queue, model: ModelVersion, settings: Settings) -> None:
    queue(1)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    let_the_lease_run_out()
    analysis_queue.renew(replace(claim, since=claim.since - settings.ANALYSIS_LEASE.total_seconds()))
    analysis_queue.sweep()
    assert Analysis.objects.get().state == AnalysisState.RUNNING


def test_a_lease_that_has_just_begun_is_not_renewed_yet(queue: Queue, model: ModelVersion) -> None:
    queue(1)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    with CaptureQueriesContext(connection) as queries:
        analysis_queue.renew(claim)
    assert not queries.captured_queries


def test_whoever_lost_the_lease_holds_nothing(queue: Queue, model: ModelVersion) -> None:
    queue(1)
    late = analysis_queue.claim(model_version_id=model.pk)
    let_the_lease_run_out()
    analysis_queue.sweep()
    current = analysis_queue.claim(model_version_id=model.pk)
    assert late is not None
    assert current is not None
    assert analysis_queue.lock_held(late) == set()
    analysis_queue.give_back(late)
    assert analysis_queue.lock_held(current) == {current.analyses[0].pk}


def test_after_three_lost_leases_it_is_set_aside_with_a_reason(queue: Queue, model: ModelVersion) -> None:
    queue(1)
    for _ in range(3):
        assert analysis_queue.claim(model_version_id=model.pk) is not None
        let_the_lease_run_out()
        analysis_queue.sweep()
    analysis = Analysis.objects.get()
    assert analysis.state == AnalysisState.QUARANTINED
    assert "stopped unexpectedly three times" in analysis.failure_message
    assert analysis_queue.claim(model_version_id=model.pk) is None
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "analysis.lease_lost",
        "analysis.lease_lost",
        "analysis.quarantined",
    ]


def test_a_person_retries_what_was_set_aside_with_fresh_attempts(
    queue: Queue, model: ModelVersion, owner: User
) -> None:
    queue(1)
    for _ in range(3):
        claim = analysis_queue.claim(model_version_id=model.pk)
        assert claim is not None
        analysis_queue.give_back(claim)
    analysis = analysis_queue.retry(analysis=Analysis.objects.get(), retried_by=owner)
    assert (analysis.state, analysis.attempts, analysis.failure_message) == (AnalysisState.QUEUED, 0, "")
    event = AuditEvent.objects.get(action="analysis.retried")
    assert (event.actor, event.patient_id) == (owner, analysis.image.case.patient_id)


def test_only_what_failed_can_be_retried(queue: Queue, owner: User) -> None:
    queue(1)
    with pytest.raises(ValidationError, match="failed"):
        analysis_queue.retry(analysis=Analysis.objects.get(), retried_by=owner)


def test_a_stranger_retries_nothing(queue: Queue, stranger: User) -> None:
    queue(1)
    with pytest.raises(PermissionDenied):
        analysis_queue.retry(analysis=Analysis.objects.get(), retried_by=stranger)


def test_the_database_refuses_a_move_out_of_the_final_state(queue: Queue) -> None:
    queue(1)
    Analysis.objects.update(state=AnalysisState.RUNNING, lease_token=UUID(int=1), lease_expires_at=Now())
    Analysis.objects.update(state=AnalysisState.SUCCEEDED, lease_token=None, lease_expires_at=None, finished_at=Now())
    with pytest.raises(InternalError, match="Invalid transition"):
        Analysis.objects.update(state=AnalysisState.QUEUED, finished_at=None)


def test_a_cancelled_analysis_can_only_be_queued_again(queue: Queue) -> None:
    queue(1)
    Analysis.objects.update(state=AnalysisState.CANCELLED, finished_at=Now())
    Analysis.objects.update(state=AnalysisState.QUEUED, finished_at=None)
    Analysis.objects.update(state=AnalysisState.CANCELLED, finished_at=Now())
    with pytest.raises(InternalError, match="Invalid transition"):
        Analysis.objects.update(state=AnalysisState.RUNNING, lease_token=UUID(int=1), lease_expires_at=Now())


@pytest.mark.django_db(transaction=True)
def test_many_workers_never_claim_the_same_image(queue: Queue, model: ModelVersion, settings: Settings) -> None:
    settings.ANALYSIS_BATCH_SIZE = 4
    queue(60)
    claimed: list[UUID] = []

    def work() -> None:
        while claim := analysis_queue.claim(model_version_id=model.pk):
            claimed.extend(one.pk for one in claim.analyses)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 60


def test_a_worker_that_is_frozen_while_uploads_wait_for_it_loses_its_transaction(
    queue: Queue, model: ModelVersion, settings: Settings
) -> None:
    queue(1)
    settings.ANALYSIS_LEASE = timedelta(seconds=60)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    with transaction.atomic(), connection.cursor() as cursor:
        analysis_queue.lock_held(claim)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("15s",)
