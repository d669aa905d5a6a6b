"""While a record is restricted nothing new comes in and nothing is analysed; afterwards everything goes on."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from clinic.models import HoldKind, Patient, RecordHold, User
from clinic.services.holds import lift_hold, place_hold
from clinic.services.records import RecordRestricted
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from diagnosis.selectors.waiting import InQueue, queue_places
from diagnosis.services import analysis_queue
from diagnosis.services.cases import open_case
from diagnosis.services.uploads import UploadRefused, accept_image
from tests.factories import AnalysisFactory, ImageFactory, upload


@pytest.fixture
def restriction(patient: Patient, owner: User) -> RecordHold:
    return place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason="asked by letter", placed_by=owner)


@pytest.fixture
def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image=ImageFactory(case=case), model_version=model)


@pytest.mark.usefixtures("restriction")
def test_no_case_is_opened(patient: Patient, owner: User, api: Callable[[str], APIClient]) -> None:
    with pytest.raises(RecordRestricted):
        open_case(patient=patient, opened_by=owner, assay="leukemia", specimen_date=date(2026, 1, 2))
    answer = api("owner").post(
        "/api/v1/cases/", {"patient": str(patient.pk), "assay": "leukemia", "specimen_date": "2026-01-02"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "restricted")
    assert not Case.objects.exists()


def test_the_page_for_a_new_case_says_why_not(owner_client: Client, patient: Patient, restriction: RecordHold) -> None:
    entries = {"assay": "leukemia", "specimen_date": "2026-01-02"}
    response = owner_client.post(f"/patients/{patient.pk}/cases/new/", entries)
    assert "This record is restricted" in response.content.decode()
    assert not Case.objects.exists()


def test_no_image_is_taken_in(
    case: Case, model: ModelVersion, owner: User, restriction: RecordHold, api: Callable[[str], APIClient]
) -> None:
    with pytest.raises(UploadRefused, match="restricted"):
        accept_image(case=case, uploaded_by=owner, file=upload())
    answer = api("owner").post(f"/api/v1/cases/{case.pk}/images/", {"files": upload()}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (409, "restricted")
    assert not SlideImage.objects.exists()


def test_nothing_is_tried_again(case: Case, owner: User, api: Callable[[str], APIClient], owner_client: Client) -> None:
    failed = AnalysisFactory.create(
        image=ImageFactory(case=case),
        state=AnalysisState.FAILED,
        failure_code="x",
        failure_message="x",
        finished_at=case.created_at,
    )
    place_hold(patient=case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    with pytest.raises(RecordRestricted):
        analysis_queue.retry(analysis=failed, retried_by=owner)
    answer = api("owner").post(f"/api/v1/analyses/{failed.pk}/retry/")
    assert (answer.status_code, answer.json()["code"]) == (409, "restricted")
    page = owner_client.post(f"/analyses/{failed.pk}/retry/", follow=True).content.decode()
    assert "nothing can be added or analysed" in page


def test_what_waits_is_passed_by_until_the_restriction_is_lifted(
    waiting: Analysis, restriction: RecordHold, owner: User
) -> None:
    other = AnalysisFactory.create(model_version=waiting.model_version)
    assert queue_places([waiting, other]) == {other.pk: InQueue(1)}
    claim = analysis_queue.claim(model_version_id=waiting.model_version_id)
    assert claim is not None
    assert [one.pk for one in claim.analyses] == [other.pk]
    lift_hold(hold=restriction, reason="withdrawn", lifted_by=owner)
    after = analysis_queue.claim(model_version_id=waiting.model_version_id)
    assert after is not None
    assert [one.pk for one in after.analyses] == [waiting.pk]


def test_nobody_is_woken_for_it(
    waiting: Analysis,
    restriction: RecordHold,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[object] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda *sent, **_: woken.append(sent))
    with django_capture_on_commit_callbacks(execute=True):
        analysis_queue.sweep()
    assert woken == []
