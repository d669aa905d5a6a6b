"""The model registry for programs: what administrators do on the pages, they do through the API, by the same rules."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Role, User
from diagnosis.models import (
    AssayPolicy,
    ModelEvaluation,
    ModelState,
    ModelVersion,
    Prediction,
    ShadowAnalysis,
    ShadowState,
    TestSet,
)
from diagnosis.services import file_store
from diagnosis.services.model_states import move_model
from mlcore.manifest import FORMAT
from tests.diagnosis.small_models import WHY
from tests.factories import (
    AnalysisFactory,
    EvaluationFactory,
    FinishedEvaluationFactory,
    ModelVersionFactory,
    PredictionFactory,
    ProposalFactory,
    TestSetFactory,
    UserFactory,
    drawn_png,
)

API = "/api/v1"
USABLE = {"format": FORMAT}


@pytest.fixture
def program(api: Callable[[str], APIClient]) -> APIClient:
    """An administrator's."""
    return api("administrator")


@pytest.fixture
def second(db: None) -> User:
    return UserFactory.create(full_name="Sara Second", role=Role.ADMINISTRATOR)


@pytest.fixture
def active(db: None) -> ModelVersion:
    return ModelVersionFactory.create(manifest=USABLE, version="old")


@pytest.fixture
def candidate(active: ModelVersion) -> ModelVersion:
    """A candidate that was measured on the current test set."""
    model = ModelVersionFactory.create(state=ModelState.CANDIDATE, manifest=USABLE, version="new")
    FinishedEvaluationFactory.create(model=model)
    return model


def decide(program: APIClient, model: ModelVersion, decision: str, **entries: str) -> Any:
    body = {"decision": decision, **WHY, **entries}
    return program.post(f"{API}/models/{model.pk}/decisions/", body, format="json")


@contextmanager
def queries() -> Iterator[list[dict[str, str]]]:
    with CaptureQueriesContext(connection) as seen:
        yield seen.captured_queries


def test_each_decision_of_one_administrator_is_taken_with_its_reason(
    program: APIClient, candidate: ModelVersion
) -> None:
    for decision, state in (
        ("shadow", "shadow"),
        ("unshadow", "candidate"),
        ("retire", "retired"),
        ("reopen", "candidate"),
    ):
        answer = decide(program, candidate, decision)
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert decide(program, candidate, "stop").json()["stopped_at"]
    assert decide(program, candidate, "resume").json()["stopped_at"] is None


def test_a_decision_without_its_reason_names_what_is_missing(program: APIClient, candidate: ModelVersion) -> None:
    answer = decide(program, candidate, "stop", why="", reason=" ")
    assert answer.status_code == 400
    assert {one["pointer"] for one in answer.json()["errors"]} == {"#/why", "#/reason"}
    assert decide(program, candidate, "propose").status_code == 400
    assert not candidate.changes.exists()


def test_a_decision_that_does_not_fit_the_state_is_a_conflict(program: APIClient, candidate: ModelVersion) -> None:
    answer = decide(program, candidate, "unshadow")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The model is in another state by now; nothing was changed.",
    )


def test_who_when_and_why_of_a_model_are_told_to_everybody(
    program: APIClient, api: Callable[[str], APIClient], candidate: ModelVersion, administrator: User
) -> None:
    decide(program, candidate, "shadow")
    decide(program, candidate, "stop")
    newest, oldest = api("owner").get(f"{API}/models/{candidate.pk}/changes/").json()["results"]
    assert (newest["kind"], oldest["kind"]) == ("stopped", "shadow_started")
    assert (newest["why"], newest["reason"]) == tuple(WHY.values())
    assert newest["made_by"] == {"id": str(administrator.pk), "full_name": "Adam Administrator"}


def test_the_changes_of_no_model_are_not_there(program: APIClient, administrator: User) -> None:
    assert program.get(f"{API}/models/{administrator.pk}/changes/").status_code == 404


def test_activation_takes_a_second_administrator_whatever_the_token(
    program: APIClient, api: Callable[[str], APIClient], candidate: ModelVersion, active: ModelVersion, second: User
) -> None:
    proposed = program.post(f"{API}/proposals/", {"model": str(candidate.pk), **WHY}, format="json")
    assert (proposed.status_code, proposed.json()["state"]) == (201, "open")
    another_token = api("administrator")
    refused = another_token.post(f"{proposed['Location']}agree/")
    assert (refused.status_code, "second administrator" in refused.json()["detail"]) == (409, True)
    agreed = api("second").post(f"{proposed['Location']}agree/")
    assert (agreed.status_code, agreed.json()["state"]) == (200, "approved")
    assert agreed.json()["decided_by"]["full_name"] == "Sara Second"
    states = {one["version"]: one["state"] for one in program.get(f"{API}/models/").json()["results"]}
    assert states == {"new": "active", "old": "retired"}
    rolled = decide(program, candidate, "roll-back")
    assert (rolled.status_code, rolled.json()["state"]) == (200, "retired")
    active.refresh_from_db()
    assert active.state == ModelState.ACTIVE


def test_a_proposal_is_refused_by_the_second_administrator_and_then_nobody_agrees(
    api: Callable[[str], APIClient], candidate: ModelVersion, second: User, administrator: User
) -> None:
    proposal = ProposalFactory.create(evaluation=candidate.evaluations.get(), proposed_by=administrator)
    at = f"{API}/proposals/{proposal.pk}"
    assert api("second").post(f"{at}/withdraw/").json()["state"] == "withdrawn"
    assert api("second").post(f"{at}/agree/").status_code == 409


def test_a_model_that_was_not_measured_cannot_be_proposed(program: APIClient, active: ModelVersion) -> None:
    model = ModelVersionFactory.create(state=ModelState.CANDIDATE, manifest=USABLE)
    answer = program.post(f"{API}/proposals/", {"model": str(model.pk), **WHY}, format="json")
    assert (answer.status_code, "measured" in answer.json()["detail"]) == (409, True)


def test_an_evaluation_is_started_followed_and_read(
    program: APIClient, api: Callable[[str], APIClient], candidate: ModelVersion
) -> None:
    test_set = TestSetFactory.create()
    started = program.post(f"{API}/evaluations/", {"model": str(candidate.pk)}, format="json")
    assert (started.status_code, started.json()["done"], started.json()["total"]) == (202, 0, 4)
    again = program.post(f"{API}/evaluations/", {"model": str(candidate.pk)}, format="json")
    assert again["Location"] == started["Location"]
    seen = api("owner").get(started["Location"])
    assert (seen.json()["state"], seen["Retry-After"]) == ("queued", "2")
    assert seen.json()["test_set_name"] == test_set.name
    assert program.get(seen.json()["report_url"]).status_code == 404


def test_a_finished_evaluation_has_figures_and_a_report(program: APIClient) -> None:
    page = file_store.put(b"<!doctype html>report")
    evaluation = FinishedEvaluationFactory.create(report_sha256=page)
    told = program.get(f"{API}/evaluations/{evaluation.pk}/")
    assert (told.json()["metrics"]["accuracy"], told.json()["engines_difference"]) == (1.0, 1e-6)
    assert "Retry-After" not in told
    report = program.get(told.json()["report_url"])
    assert (report.content, report["Content-Security-Policy"].endswith("sandbox")) == (b"<!doctype html>report", True)


def test_without_a_test_set_nothing_is_measured(program: APIClient, active: ModelVersion) -> None:
    answer = program.post(f"{API}/evaluations/", {"model": str(active.pk)}, format="json")
    assert (answer.status_code, "no locked test set" in answer.json()["detail"]) == (409, True)
    assert not ModelEvaluation.objects.exists()


def zip_of(**files: bytes) -> SimpleUploadedFile:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for folder, content in files.items():
            archive.writestr(f"{folder}/1.png", content)
    return SimpleUploadedFile("ours.zip", held.getvalue())


def lock(program: APIClient, name: str = "Spring", **entries: Any) -> Any:
    patches = {kind: drawn_png(assay="breast", kind=kind, seed=1) for kind in ("Benign", "Malignant")}
    body = {"assay": "breast", "name": name, "images": zip_of(**patches), **entries}
    return program.post(f"{API}/test-sets/", body, format="multipart")


def test_a_test_set_is_locked_once(program: APIClient) -> None:
    locked = lock(program)
    assert (locked.status_code, locked.json()["images_by_class"]) == (201, {"Benign": 1, "Malignant": 1})
    assert program.get(locked["Location"]).json() == locked.json()
    assert (lock(program).status_code, TestSet.objects.count()) == (200, 1)
    assert AuditEvent.objects.filter(action="test_set.locked").count() == 1


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        ({"images": "no file"}, "#/images"),
        ({"images": SimpleUploadedFile("ours.zip", b"no zip at all")}, "#/images"),
        ({"assay": "hair"}, "#/assay"),
        ({"name": ""}, "#/name"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_test_set_that_is_wrong_is_told_where(program: APIClient, entries: dict[str, Any], where: str) -> None:
    answer = lock(program, **entries)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (400, [where])
    assert not TestSet.objects.exists()


def test_a_model_in_the_shadow_is_compared_in_numbers(program: APIClient, candidate: ModelVersion) -> None:
    active = ModelVersion.objects.get(state=ModelState.ACTIVE)
    move_model(model=candidate, state=ModelState.SHADOW, moved_by=UserFactory.create(role=Role.ADMINISTRATOR), **WHY)
    analysis = AnalysisFactory.create(model_version=active, state="succeeded", finished_at=active.created_at)
    PredictionFactory.create(analysis=analysis)
    said = {"verdict": "refer", "label": "Early", "probabilities": {"Pre": 0.4, "Early": 0.6}}
    ShadowAnalysis.objects.create(
        image=analysis.image, model_version=candidate, state=ShadowState.SUCCEEDED, malignant_probability=0.9, **said
    )
    told = program.get(f"{API}/models/{candidate.pk}/shadow/").json()
    assert (told["active"], told["waiting"], told["failed"]) == (str(active.pk), 0, 0)
    assert told["comparison"] == {
        "images": 1,
        "agreeing": 0,
        "agreement": 0.0,
        "by_result": [{"active": "Pre", "shadow": "Early", "count": 1}],
        "changed_verdicts": [{"active": "confident", "shadow": "refer", "count": 1}],
        "readings": None,
    }
    assert Prediction.objects.count() == 1


def test_a_model_without_a_shadow_has_nothing_to_compare(program: APIClient, active: ModelVersion) -> None:
    assert program.get(f"{API}/models/{active.pk}/shadow/").json()["comparison"] is None


def test_an_assay_is_read_blinded_from_now_on(program: APIClient) -> None:
    assert [one["slug"] for one in program.get(f"{API}/assays/").json()["results"]] == ["leukemia", "breast"]
    answer = program.patch(f"{API}/assays/breast/", {"blinded_first_read": True}, format="json")
    assert (answer.status_code, answer.json()["changed_by"]["full_name"]) == (200, "Adam Administrator")
    assert AssayPolicy.objects.get().blinded_first_read
    assert program.get(f"{API}/assays/breast/").json() == answer.json()
    assert program.patch(f"{API}/assays/breast/", {}, format="json").status_code == 400
    assert program.patch(f"{API}/assays/hair/", {"blinded_first_read": True}, format="json").status_code == 404


def test_lists_cost_the_same_however_long_they_are(program: APIClient, candidate: ModelVersion) -> None:
    """One query for the page, three for the token, its person and the time it was used; nothing a row."""
    ProposalFactory.create(evaluation=candidate.evaluations.get())
    decide(program, candidate, "stop")
    lists = [f"{API}/{name}/" for name in ("evaluations", "proposals", "test-sets", "assays")]
    lists.append(f"{API}/models/{candidate.pk}/changes/")
    counts: list[list[int]] = []
    for _ in range(2):
        counts.append([])
        for address in lists:
            with queries() as asked:
                assert program.get(address).status_code == 200
            counts[-1].append(len(asked))
        for _ in range(3):
            EvaluationFactory.create()
            ProposalFactory.create()
        decide(program, candidate, "resume")
        decide(program, candidate, "stop")
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 4
