"""Analyses through the API: polling and retrying."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinic.models import AuditEvent, User
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
