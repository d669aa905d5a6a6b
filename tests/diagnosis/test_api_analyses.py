"""Analyses through the API: polling and retrying."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinic.models import AuditEvent, User
from diagnosis.api import until_done
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, Prediction
from tests.factories import AnalysisFactory, CaseFactory, ImageFactory, PredictionFactory

Api = Callable[[str], Any]
ANALYSES = "/api/v1/analyses/"


@pytest.fixture
def waiting(case: Case, model: ModelVersion) -> list[Analysis]:
    return [AnalysisFactory.create(image=ImageFactory(case=case), model_version=model) for _ in range(5)]


@pytest.fixture
def failed(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(
        image=ImageFactory(case=case),
        model_version=model,
        state=AnalysisState.FAILED,
        failure_code="truncated",
        failure_message="The file is cut off.",
        finished_at=timezone.now(),
    )


def test_a_waiting_analysis_tells_its_place_and_when_to_look_again(waiting: list[Analysis], api: Api) -> None:
    answer = api("owner").get(f"{ANALYSES}{waiting[2].pk}/")
    assert answer.json()["state"] == "queued"
    assert answer.json()["queue_position"] == 3
    assert answer.json()["prediction"] is answer.json()["failure"] is None
    assert answer["Retry-After"] == "2"


def test_a_finished_analysis_leads_to_image_model_and_prediction(case: Case, model: ModelVersion, api: Api) -> None:
    prediction: Prediction = PredictionFactory.create(
        analysis__image=ImageFactory(case=case), analysis__model_version=model
    )
    client = api("owner")
    answer = client.get(f"{ANALYSES}{prediction.analysis_id}/")
    assert "Retry-After" not in answer
    found = answer.json()
    assert (found["state"], found["queue_position"]) == ("succeeded", None)
    assert found["prediction"] == str(prediction.pk)
    for link in ("url", "image_url", "model_url", "prediction_url"):
        assert client.get(found[link]).status_code == 200


def test_a_failed_analysis_says_why(failed: Analysis, api: Api) -> None:
    found = api("owner").get(f"{ANALYSES}{failed.pk}/").json()
    assert found["failure"] == {"code": "truncated", "detail": "The file is cut off."}
    assert found["can_be_retried"] is True


def test_who_prefers_to_wait_is_answered_as_soon_as_it_has_ended(
    waiting: list[Analysis], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def a_worker_is_done(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            row, now = Analysis.objects.filter(pk=waiting[0].pk), timezone.now()
            row.update(state=AnalysisState.RUNNING, lease_token=uuid4(), lease_expires_at=now, started_at=now)
            row.update(state=AnalysisState.SUCCEEDED, lease_token=None, lease_expires_at=None, finished_at=now)
            PredictionFactory.create(analysis=waiting[0])

    monkeypatch.setattr("time.sleep", a_worker_is_done)
    answer = api("owner").get(f"{ANALYSES}{waiting[0].pk}/", headers={"Prefer": "respond-async, wait=30"})
    assert (answer.json()["state"], len(looks)) == ("succeeded", 3)
    assert answer.json()["prediction"] is not None
    assert answer["Preference-Applied"] == f"wait={until_done.LONGEST}"
    assert "Retry-After" not in answer


@pytest.mark.parametrize("wish", ["", "wait", "wait=", "wait=-1", "wait=soon", "await=3", "wait=0", "return=minimal"])
def test_who_does_not_say_how_long_is_answered_at_once(
    wish: str, waiting: list[Analysis], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(until_done, "wait_for_end", None)
    answer = api("owner").get(f"{ANALYSES}{waiting[0].pk}/", headers={"Prefer": wish})
    assert (answer.status_code, answer["Retry-After"]) == (200, "2")
    assert "Preference-Applied" not in answer


def test_few_wait_at_once_and_nobody_for_what_has_ended_or_is_not_theirs(
    waiting: list[Analysis], failed: Analysis, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", None)
    seats = [until_done._seats.acquire(blocking=False) for _each in range(until_done.MOST)]
    try:
        for client, analysis, status in (("owner", waiting[0], 200), ("owner", failed, 200), ("stranger", failed, 404)):
            answer = api(client).get(f"{ANALYSES}{analysis.pk}/", headers={"Prefer": "wait=3"})
            assert (answer.status_code, "Preference-Applied" in answer) == (status, False)
    finally:
        until_done._seats.release(len(seats))


def test_one_that_does_not_end_is_told_as_it_is(
    waiting: list[Analysis], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(until_done, "LONGEST", 1)
    answer = api("owner").get(f"{ANALYSES}{waiting[0].pk}/", headers={"Prefer": "wait=60"})
    assert (answer.json()["state"], answer["Preference-Applied"]) == ("queued", "wait=1")
    assert answer["Retry-After"] == "2"


def test_polling_is_one_look_at_the_case(waiting: list[Analysis], case: Case, api: Api) -> None:
    client = api("owner")
    before = AuditEvent.objects.count()
    client.get(ANALYSES)
    for analysis in waiting:
        client.get(f"{ANALYSES}{analysis.pk}/")
    (event,) = AuditEvent.objects.order_by("id")[before:]
    assert (event.action, event.subject_id, event.patient_id) == ("case.viewed", str(case.pk), case.patient_id)


def test_it_lists_by_case_image_and_state(
    waiting: list[Analysis], failed: Analysis, case: Case, api: Api, owner: User
) -> None:
    elsewhere = AnalysisFactory.create(
        image__case=CaseFactory(patient=case.patient), model_version=failed.model_version
    )
    client = api("owner")

    def ids(**filters: object) -> set[str]:
        return {one["id"] for one in client.get(ANALYSES, filters).json()["results"]}

    assert ids(case=case.pk) == {str(one.pk) for one in [*waiting, failed]}
    assert ids(case=case.pk, state="failed") == {str(failed.pk)}
    assert ids(image=elsewhere.image_id) == {str(elsewhere.pk)}
    assert client.get(ANALYSES, {"state": "lost"}).status_code == 400


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    waiting: list[Analysis], failed: Analysis, api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api("owner")
    # Token, tokens, its use, the count of requests, the page, what is shown of its predictions, earlier looks, the
    # look, the first of the queue, the pace.
    with django_assert_num_queries(11):
        listed = client.get(ANALYSES).json()["results"]
    assert sorted(one["queue_position"] for one in listed if one["queue_position"]) == [1, 2, 3, 4, 5]


def test_retrying_queues_it_again(failed: Analysis, owner: User, api: Api) -> None:
    client = api("owner")
    answer = client.post(f"{ANALYSES}{failed.pk}/retry/")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["attempts"]) == ("queued", 0)
    assert answer.json()["failure"] is None
    assert client.get(answer["Location"]).json() == answer.json()
    assert AuditEvent.objects.filter(action="analysis.retried", actor=owner).count() == 1


def test_what_has_not_failed_cannot_be_retried(waiting: list[Analysis], api: Api) -> None:
    answer = api("owner").post(f"{ANALYSES}{waiting[0].pk}/retry/")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Only an analysis that failed can be retried."
