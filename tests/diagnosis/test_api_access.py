"""Who may do what through the API: the same six people at every address and method."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from clinic.models import Patient
from diagnosis.models import AnalysisState, Case, ModelVersion, Prediction
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory, upload

Api = Callable[[str], APIClient]
CARE_TEAM = ["owner", "colleague"]
NO_PATIENTS = ["stranger", "administrator", "auditor"]
NO_DOCTORS = ["administrator", "auditor"]
KINDS = ["patients", "cases", "images", "analyses", "predictions"]
PICTURES = ["display", "thumbnail", "mask", "outline", "map"]


@pytest.fixture
def prediction(case: Case) -> Prediction:
    """A prediction on an image of the owner's patient."""
    prediction = PredictionFactory.create(analysis__image=ImageFactory(case=case))
    image = prediction.analysis.image
    image.display_sha256 = image.thumbnail_sha256 = prediction.mask_sha256
    image.save()
    return prediction


@pytest.fixture
def ids(prediction: Prediction) -> dict[str, UUID]:
    """The id of one thing of each kind, all of the owner's patient."""
    image = prediction.analysis.image
    return {
        "patients": image.case.patient_id,
        "cases": image.case_id,
        "images": image.pk,
        "analyses": prediction.analysis_id,
        "predictions": prediction.pk,
        "models": prediction.analysis.model_version_id,
    }


def picture_addresses(ids: dict[str, UUID]) -> list[str]:
    of_image = [f"/api/v1/images/{ids['images']}/files/{kind}/" for kind in PICTURES]
    return of_image + [f"/api/v1/predictions/{ids['predictions']}/files/{kind}/" for kind in PICTURES[2:]]


@pytest.mark.parametrize("who", CARE_TEAM)
def test_the_care_team_sees_everything(api: Api, ids: dict[str, UUID], who: str) -> None:
    client = api(who)
    for kind in KINDS:
        listed = client.get(f"/api/v1/{kind}/").json()["results"]
        assert [thing["id"] for thing in listed] == [str(ids[kind])]
        assert client.get(f"/api/v1/{kind}/{ids[kind]}/").json()["id"] == str(ids[kind])
    for address in picture_addresses(ids):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("who", NO_PATIENTS)
def test_for_others_there_is_nothing(api: Api, ids: dict[str, UUID], who: str) -> None:
    client = api(who)
    for kind in KINDS:
        assert client.get(f"/api/v1/{kind}/").json() == {"next": None, "previous": None, "results": []}
        hidden, missing = (client.get(f"/api/v1/{kind}/{one}/") for one in (ids[kind], uuid4()))
        assert same_answer(hidden, missing)
        assert hidden.status_code == 404
    for address in picture_addresses(ids):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("who", NO_PATIENTS)
def test_search_finds_others_nothing(api: Api, patient: Patient, who: str) -> None:
    found = api(who).post("/api/v1/patients/search/", {"search": patient.family_name})
    assert (found.status_code, found.json()["results"]) == (200, [])


@pytest.mark.parametrize("who", NO_PATIENTS)
@pytest.mark.parametrize(
    ("kind", "filters"),
    [
        ("cases", {"patient": "patients"}),
        ("images", {"case": "cases"}),
        ("analyses", {"case": "cases", "image": "images"}),
        ("predictions", {"case": "cases", "patient": "patients"}),
    ],
)
def test_a_hidden_id_in_a_filter_answers_like_a_missing_one(
    api: Api, ids: dict[str, UUID], who: str, kind: str, filters: dict[str, str]
) -> None:
    client, owner = api(who), api("owner")
    for parameter, of in filters.items():
        hidden, missing = (client.get(f"/api/v1/{kind}/?{parameter}={one}") for one in (ids[of], uuid4()))
        assert same_answer(hidden, missing)
        assert owner.get(f"/api/v1/{kind}/?{parameter}={ids[of]}").json()["results"]


def same_answer(one: Any, other: Any) -> bool:
    """Equal byte for byte, but for the request's own id."""

    def seen(answer: Any) -> tuple[object, ...]:
        headers = {name: value for name, value in answer.items() if name != "X-Request-ID"}
        return answer.status_code, answer.content, headers

    return seen(one) == seen(other)


def test_anonymous_people_get_nothing_but_the_schema(api: Api, ids: dict[str, UUID]) -> None:
    client = api("anonymous")
    addresses = [f"/api/v1/{kind}/{rest}" for kind in ids for rest in ("", f"{ids[kind]}/", f"{uuid4()}/")]
    for address in addresses + picture_addresses(ids):
        assert client.get(address).status_code == 401
    for address in [
        "/api/v1/patients/",
        "/api/v1/patients/search/",
        "/api/v1/cases/",
        f"/api/v1/cases/{ids['cases']}/images/",
        f"/api/v1/analyses/{ids['analyses']}/retry/",
    ]:
        assert client.post(address, {}).status_code == 401
    assert client.get("/api/v1/schema/").status_code == 200
    assert client.get("/api/v1/docs/").status_code == 200


@pytest.mark.parametrize("who", NO_DOCTORS)
def test_only_doctors_change_clinical_data(api: Api, ids: dict[str, UUID], who: str) -> None:
    client = api(who)
    for address in [
        "/api/v1/patients/",
        "/api/v1/cases/",
        f"/api/v1/analyses/{ids['analyses']}/retry/",
        f"/api/v1/analyses/{uuid4()}/retry/",
    ]:
        assert client.post(address, {}).status_code == 403
    for case in (ids["cases"], uuid4()):
        answer = client.post(f"/api/v1/cases/{case}/images/", {"files": upload()}, format="multipart")
        assert answer.status_code == 403
    assert answer.json()["detail"] == "Only doctors can do this."


def case_body(patient: object) -> dict[str, object]:
    return {"patient": str(patient), "assay": "leukemia", "specimen_date": "2026-01-02"}


@pytest.mark.parametrize("who", CARE_TEAM)
def test_the_care_team_opens_cases(api: Api, patient: Patient, who: str) -> None:
    assert api(who).post("/api/v1/cases/", case_body(patient.pk)).status_code == 201


def test_a_strangers_patient_is_refused_like_one_that_does_not_exist(api: Api, patient: Patient) -> None:
    client = api("stranger")
    hidden, missing = (client.post("/api/v1/cases/", case_body(one)) for one in (patient.pk, uuid4()))
    assert same_answer(hidden, missing)
    assert hidden.status_code == 400
    assert not Case.objects.exists()


def test_a_strangers_case_takes_no_images(api: Api, ids: dict[str, UUID]) -> None:
    client = api("stranger")
    hidden, missing = (
        client.post(f"/api/v1/cases/{case}/images/", {"files": upload()}, format="multipart")
        for case in (ids["cases"], uuid4())
    )
    assert same_answer(hidden, missing)
    assert hidden.status_code == 404


def test_a_stranger_retries_nothing(api: Api, case: Case) -> None:
    failed = AnalysisFactory.create(
        image__case=case,
        state=AnalysisState.FAILED,
        failure_code="truncated",
        failure_message="Cut off.",
        finished_at=case.created_at,
    )
    client = api("stranger")
    hidden, missing = (client.post(f"/api/v1/analyses/{one}/retry/") for one in (failed.pk, uuid4()))
    assert same_answer(hidden, missing)
    assert hidden.status_code == 404
    failed.refresh_from_db()
    assert failed.state == AnalysisState.FAILED


@pytest.mark.parametrize("who", CARE_TEAM + NO_PATIENTS)
def test_everybody_signed_in_sees_the_models_and_nobody_changes_them(api: Api, model: ModelVersion, who: str) -> None:
    client = api(who)
    assert [one["id"] for one in client.get("/api/v1/models/").json()["results"]] == [str(model.pk)]
    assert client.get(f"/api/v1/models/{model.pk}/").json()["sha256"] == model.sha256
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(f"/api/v1/models/{model.pk}/", {}).status_code in {403, 405}


# A doctor may change no model, by whichever method; of a case only the urgency, and an empty body names none.
NOT_AS_ASKED = {("models", method): 403 for method in ("PUT", "PATCH", "DELETE")} | {("cases", "PATCH"): 400}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_nothing_is_changed_or_deleted_by_its_address(api: Api, ids: dict[str, UUID], method: str) -> None:
    client = api("owner")
    for kind, thing in ids.items():
        answer = client.generic(method, f"/api/v1/{kind}/{thing}/", json.dumps({}), content_type="application/json")
        assert answer.status_code == NOT_AS_ASKED.get((kind, method), 405), kind
