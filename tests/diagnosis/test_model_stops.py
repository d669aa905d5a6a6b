"""The stop switch of a model: nothing new is analysed with it, and everybody who waits is told."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from clinic.models import AuditEvent, User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion
from diagnosis.services import analysis_queue
from diagnosis.services.model_stops import resume_model, stop_model
from tests.diagnosis.small_models import WHY
from tests.factories import AnalysisFactory, upload


@pytest.fixture
def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image__case=case, model_version=model)


@pytest.fixture
def stopped(model: ModelVersion, waiting: Analysis, administrator: User) -> ModelVersion:
    return stop_model(model=model, stopped_by=administrator, **WHY)


def test_no_worker_begins_with_a_stopped_model(stopped: ModelVersion, waiting: Analysis) -> None:
    assert analysis_queue.claim(model_version_id=stopped.pk) is None
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (AnalysisState.QUEUED, 0)


def test_what_a_worker_has_begun_it_ends(model: ModelVersion, waiting: Analysis, administrator: User) -> None:
    claim = analysis_queue.claim(model_version_id=model.pk)
    stop_model(model=model, stopped_by=administrator, **WHY)
    assert claim is not None
    assert analysis_queue.lock_held(claim) == {waiting.pk}


def test_the_sweeper_wakes_nobody_for_it(
    stopped: ModelVersion, monkeypatch: pytest.MonkeyPatch, administrator: User
) -> None:
    woken: list[object] = []
    monkeypatch.setattr(analysis_queue, "wake_workers_on_commit", lambda pk, **_: woken.append(pk))
    analysis_queue.sweep()
    assert woken == []
    resume_model(model=stopped, resumed_by=administrator, **WHY)
    analysis_queue.sweep()
    assert woken == [stopped.pk]


def test_lifting_the_stop_wakes_the_workers(
    stopped: ModelVersion,
    waiting: Analysis,
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[object] = []
    monkeypatch.setattr(analysis_queue, "_wake_workers", lambda pk, _count: woken.append(pk))
    with django_capture_on_commit_callbacks(execute=True):
        resume_model(model=stopped, resumed_by=administrator, **WHY)
    assert woken == [stopped.pk]
    claim = analysis_queue.claim(model_version_id=stopped.pk)
    assert claim is not None
    assert [one.pk for one in claim.analyses] == [waiting.pk]


def test_pages_and_api_say_that_it_waits_for_the_model(
    stopped: ModelVersion, waiting: Analysis, owner_client: Client, api: Callable[[str], APIClient]
) -> None:
    assert "is stopped for now" in owner_client.get(f"/images/{waiting.image_id}/").content.decode()
    case = owner_client.get(f"/cases/{waiting.image.case_id}/").content.decode()
    assert "Images are taken in and kept" in case
    assert "the model is stopped" in case
    said = api("owner").get(f"/api/v1/analyses/{waiting.pk}/").json()
    assert (said["state"], said["queue_position"], said["paused"]["code"]) == ("queued", None, "model_stopped")


def test_a_page_that_waits_is_renewed_when_the_model_is_stopped_and_goes_on(
    model: ModelVersion, waiting: Analysis, administrator: User, owner_client: Client
) -> None:
    seen = owner_client.get(f"/cases/{waiting.image.case_id}/").context["seen"]
    address = f"/cases/{waiting.image.case_id}/images/?page=1&seen="
    assert owner_client.get(f"{address}{seen}").status_code == 204
    stop_model(model=model, stopped_by=administrator, **WHY)
    answer = owner_client.get(f"{address}{seen}")
    assert answer.status_code == 200
    resume_model(model=model, resumed_by=administrator, **WHY)
    assert owner_client.get(f"{address}{answer.context['seen']}").status_code == 200


def test_new_images_are_taken_in_and_the_sender_is_told(
    stopped: ModelVersion, case: Case, api: Callable[[str], APIClient]
) -> None:
    answer = api("owner").post(f"/api/v1/cases/{case.pk}/images/", {"files": upload()}, format="multipart")
    assert answer.status_code == 202
    (entry,) = answer.json()["files"]
    assert entry["accepted"]
    assert "stopped" in entry["notice"]
    assert Analysis.objects.get(pk=entry["analysis"]).state == AnalysisState.QUEUED


def test_who_when_and_why_are_on_the_page_and_in_the_trail(
    stopped: ModelVersion, administrator: User, owner_client: Client
) -> None:
    page = owner_client.get(f"/models/{stopped.pk}/").content.decode()
    for said in ("Stopped by <bdi>Adam Administrator</bdi>", WHY["reason"]):
        assert said in page
    assert "Decide" not in page
    event = AuditEvent.objects.get(action="model.stopped")
    assert (event.actor, event.subject_id, event.detail["why"]) == (administrator, str(stopped.pk), "figures")


def test_an_administrator_stops_and_resumes_on_the_models_page(
    model: ModelVersion, web: Callable[[str], Client]
) -> None:
    page = web("administrator")
    for kind, is_stopped in (("stop", True), ("resume", False)):
        answer = page.post(f"/models/{model.pk}/decisions/{kind}/", WHY)
        assert answer.status_code == 302
        model.refresh_from_db()
        assert bool(model.stopped_at) is is_stopped
    assert page.post(f"/models/{model.pk}/decisions/burn/", WHY).status_code == 404


def test_a_second_click_or_a_missing_reason_comes_back_with_a_sentence_and_what_was_typed(
    stopped: ModelVersion, web: Callable[[str], Client]
) -> None:
    address = f"/models/{stopped.pk}/decisions/"
    again = web("administrator").post(f"{address}stop/", {"why": "fault", "reason": "Kept words."})
    assert again.status_code == 400
    assert "stopped already" in again.content.decode()
    assert "Kept words." in again.content.decode()
    assert "Choose why." in web("administrator").post(f"{address}resume/", {"reason": "x"}).content.decode()


def test_only_administrators_stop_models(model: ModelVersion, owner: User) -> None:
    with pytest.raises(PermissionDenied):
        stop_model(model=model, stopped_by=owner, **WHY)


def test_a_stop_needs_its_reason(model: ModelVersion, administrator: User) -> None:
    with pytest.raises(ValidationError):
        stop_model(model=model, why="fault", reason="", stopped_by=administrator)
    model.refresh_from_db()
    assert model.stopped_at is None
