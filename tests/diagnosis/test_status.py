"""The status page: how the site is doing, by figures, ids and codes; what waits or failed is retried and cancelled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from clinic.services import worker_pulse
from diagnosis.models import Analysis, AnalysisState, Backup, CheckedThing, IntegrityCheck, ModelVersion
from diagnosis.selectors.stuck_analyses import Wanted
from diagnosis.services.queue_administration import cancel_all, retry_all
from tests.factories import AnalysisFactory, ImageFactory

pytestmark = pytest.mark.django_db
Web = Callable[[str], Client]


def fail(patient: Patient, model: ModelVersion, code: str = "truncated", *, count: int = 1) -> list[Analysis]:
    return [
        AnalysisFactory.create(
            image=ImageFactory.create(case__patient=patient),
            model_version=model,
            state=AnalysisState.FAILED,
            failure_code=code,
            failure_message="Cut off.",
            finished_at=timezone.now(),
        )
        for _ in range(count)
    ]


def queue(patient: Patient, model: ModelVersion, *, count: int = 1) -> list[Analysis]:
    return [
        AnalysisFactory.create(image=ImageFactory.create(case__patient=patient), model_version=model)
        for _ in range(count)
    ]


def states() -> dict[str, int]:
    found = list(Analysis.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_it_shows_how_the_site_is_doing(web: Web, patient: Patient, model: ModelVersion) -> None:
    fail(patient, model, "truncated", count=2)
    queue(patient, model, count=3)
    AnalysisFactory.create(
        image__case__patient=patient,
        model_version=model,
        state=AnalysisState.RUNNING,
        lease_token=patient.pk,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
        started_at=timezone.now(),
    )
    worker_pulse.note_task(process="ward:17", task="diagnosis.tasks.analyse_queued")
    now = timezone.now()
    Backup.objects.create(
        name="2026-01-02T030405Z",
        started_at=now,
        ended_at=now,
        database_bytes=1,
        file_count=2,
        new_file_count=2,
        new_bytes=3,
        problem_count=1,
    )
    IntegrityCheck.objects.create(
        thing=CheckedThing.FILES,
        ended_at=now,
        checked=7,
        bytes_read=2_000_000,
        problem_count=1,
        problems=[{"kind": "missing", "id": "ab12"}],
    )
    page = web("administrator").get("/status/").content.decode()
    for told in ("ward:17", "analyse_queued", "truncated", "lost: the sweeper", "2026-01-02T030405Z", "ab12", "1.9"):
        assert told in page
    assert "none was made yet" not in page
    assert "PostgreSQL" in page
    assert patient.family_name not in page
    assert patient.record_number not in page


def test_a_new_site_says_what_there_is_not_yet(web: Web) -> None:
    page = web("administrator").get("/status/").content.decode()
    for told in ("Nothing waits.", "No worker was heard of.", "none was made yet", "not yet", "The site is not ready"):
        assert told in page


@pytest.mark.parametrize("address", ["/status/", "/status/analyses/"])
def test_more_work_takes_no_more_queries(
    web: Web, patient: Patient, model: ModelVersion, settings: Settings, address: str
) -> None:
    settings.READINESS_KEPT = timedelta(hours=1)  # on a busy machine two looks are not within two seconds
    client = web("administrator")
    client.get(address)
    counts = []
    for _ in range(2):
        fail(patient, model, count=3)
        queue(patient, model, count=3)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_programs_of_administrators_get_the_same(
    api: Callable[[str], APIClient], patient: Patient, model: ModelVersion
) -> None:
    fail(patient, model, "too_dark", count=2)
    queue(patient, model)
    said = api("administrator").get("/api/v1/status/").json()
    assert said["ready"] is False
    assert said["parts"]["database"] == ""
    assert [(one["waiting"], one["model"]) for one in said["queues"]] == [(1, str(model.pk))]
    assert [(one["code"], one["count"]) for one in said["failures"]] == [("too_dark", 2)]
    assert said["last_backup"] is None
    assert api("owner").get("/api/v1/status/").status_code == 403


class TestChanging:
    def test_one_is_retried(self, web: Web, patient: Patient, model: ModelVersion) -> None:
        first, _ = fail(patient, model, count=2)
        answer = web("administrator").post(
            "/status/analyses/", {"action": "retry", "state": "failed", "analysis": str(first.pk)}
        )
        assert answer["Location"] == "/status/analyses/?state=failed"
        assert states() == {"queued": 1, "failed": 1}
        first.refresh_from_db()
        assert (first.state, first.attempts, first.failure_code) == ("queued", 0, "")

    def test_all_that_fit_are_retried_with_a_row_of_the_trail_each(
        self, web: Web, patient: Patient, model: ModelVersion, administrator: User
    ) -> None:
        fail(patient, model, "truncated", count=3)
        fail(patient, model, "too_dark", count=2)
        form = {"action": "retry", "state": "failed", "code": "truncated", "sure": "on"}
        page = web("administrator").post("/status/analyses/", form, follow=True).content.decode()
        assert "3 analyses wait again." in page
        assert states() == {"queued": 3, "failed": 2}
        rows = AuditEvent.objects.filter(action="analysis.retried", actor=administrator, patient_id=patient.pk)
        assert rows.count() == 3
        assert {row.detail["code"] for row in rows} == {"truncated"}

    def test_all_that_wait_are_cancelled_and_what_runs_goes_on(
        self, web: Web, patient: Patient, model: ModelVersion
    ) -> None:
        queue(patient, model, count=2)
        AnalysisFactory.create(
            image__case__patient=patient,
            model_version=model,
            state=AnalysisState.RUNNING,
            lease_token=patient.pk,
            lease_expires_at=timezone.now(),
        )
        web("administrator").post("/status/analyses/", {"action": "cancel", "state": "queued", "sure": "on"})
        assert states() == {"cancelled": 2, "running": 1}
        assert AuditEvent.objects.filter(action="analysis.cancelled").count() == 2

    def test_all_means_that_the_person_said_so(self, web: Web, patient: Patient, model: ModelVersion) -> None:
        fail(patient, model)
        answer = web("administrator").post("/status/analyses/", {"action": "retry", "state": "failed"})
        assert answer.status_code == 400
        assert "Confirm that you mean all of them." in answer.content.decode()
        assert states() == {"failed": 1}

    def test_twice_does_nothing_more(self, web: Web, patient: Patient, model: ModelVersion) -> None:
        (one,) = fail(patient, model)
        form = {"action": "retry", "state": "failed", "analysis": str(one.pk)}
        client = web("administrator")
        client.post("/status/analyses/", form)
        assert "Nothing was changed" in client.post("/status/analyses/", form, follow=True).content.decode()
        assert AuditEvent.objects.filter(action="analysis.retried").count() == 1

    @pytest.mark.parametrize(
        "form",
        [
            {"action": "erase", "state": "failed", "sure": "on"},
            {"action": "retry", "state": "succeeded", "sure": "on"},
            {"action": "retry", "state": "failed", "analysis": "none"},
            {"action": "retry", "state": "failed", "model": "none", "sure": "on"},
            {},
        ],
    )
    def test_what_makes_no_sense_changes_nothing(
        self, web: Web, patient: Patient, model: ModelVersion, form: dict[str, str]
    ) -> None:
        fail(patient, model)
        assert web("administrator").post("/status/analyses/", form).status_code == 400
        assert states() == {"failed": 1}

    def test_a_restricted_record_is_left_in_peace(
        self, patient: Patient, model: ModelVersion, administrator: User
    ) -> None:
        fail(patient, model)
        Patient.objects.filter(pk=patient.pk).update(restricted_at=timezone.now())
        assert retry_all(wanted=Wanted(AnalysisState.FAILED), retried_by=administrator) == 0

    def test_what_succeeded_is_out_of_reach(self, patient: Patient, administrator: User) -> None:
        for state in (AnalysisState.SUCCEEDED, AnalysisState.RUNNING):
            assert retry_all(wanted=Wanted(state), retried_by=administrator) == 0
            assert cancel_all(wanted=Wanted(state), cancelled_by=administrator) == 0

    def test_nobody_else_changes_the_queue(self, patient: Patient, model: ModelVersion, owner: User) -> None:
        fail(patient, model)
        with pytest.raises(PermissionDenied):
            retry_all(wanted=Wanted(AnalysisState.FAILED), retried_by=owner)


def test_a_program_retries_what_failed_for_one_reason(api: Callable[[str], APIClient]) -> None:
    first = AnalysisFactory.create(
        state="failed", failure_code="truncated", failure_message="x", finished_at=timezone.now()
    )
    other = AnalysisFactory.create(
        model_version=first.model_version,
        state="failed",
        failure_code="empty",
        failure_message="x",
        finished_at=timezone.now(),
    )
    body = {"action": "retry", "state": "failed", "code": "truncated"}
    for changed in (1, 0):
        assert api("administrator").post("/api/v1/status/analyses/", body, format="json").json() == {"changed": changed}
    for analysis in (first, other):
        analysis.refresh_from_db()
    assert (first.state, other.state) == ("queued", "failed")
    unclear = api("administrator").post("/api/v1/status/analyses/", {"action": "retry"}, format="json")
    assert (unclear.status_code, unclear.json()["errors"][0]["pointer"]) == (400, "#/state")
