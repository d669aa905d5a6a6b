"""Measuring a model on a locked test set: by workers, a few images at a time, surviving their death."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from clinic.models import AuditEvent, User
from diagnosis.models import EvaluatedImage, EvaluationState, ModelEvaluation, ModelVersion, TestImage, TestSet
from diagnosis.services import evaluating, file_store, test_sources
from diagnosis.services.evaluating import evaluate_some
from diagnosis.services.evaluations import start_evaluation
from diagnosis.services.file_removal import referred_to
from diagnosis.services.model_registry import register_model
from diagnosis.services.test_sets import lock_test_set
from mlcore.engines.exported import ExportFailed
from tests.diagnosis.small_models import write_small
from tests.factories import drawn_png

PER_CLASS = 3


@pytest.fixture
def candidate(db: None, tmp_path: Path) -> ModelVersion:
    return register_model(content=write_small(tmp_path / "small.bundle").read_bytes())


@pytest.fixture
def test_set(db: None, tmp_path: Path) -> TestSet:
    for kind in ("Benign", "Malignant"):
        folder = tmp_path / "ours" / kind
        folder.mkdir(parents=True)
        for seed in range(PER_CLASS):
            (folder / f"{seed}.png").write_bytes(drawn_png(assay="breast", kind=kind, seed=seed))
    return lock_test_set(assay="breast", name="Ours", source=test_sources.folder(tmp_path / "ours"))[0]


@pytest.fixture
def evaluation(candidate: ModelVersion, test_set: TestSet, administrator: User) -> ModelEvaluation:
    return start_evaluation(model=candidate, started_by=administrator)


@pytest.fixture(autouse=True)
def _two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "TOGETHER", 2)


def work_off(evaluation: ModelEvaluation) -> ModelEvaluation:
    while evaluate_some(evaluation_id=evaluation.pk):
        pass
    evaluation.refresh_from_db()
    return evaluation


def test_it_measures_every_image_and_keeps_figures_with_intervals(evaluation: ModelEvaluation) -> None:
    done = work_off(evaluation)
    assert (done.state, done.done, done.total) == (EvaluationState.SUCCEEDED, 6, 6)
    assert done.metrics is not None
    assert done.metrics["n"] == 6
    assert sum(map(sum, done.metrics["confusion_matrix"])) == 6
    low, high = done.metrics["ci95"]["accuracy"]
    assert low <= done.metrics["accuracy"] <= high
    assert done.engines_difference is not None
    assert b"confusion" in file_store.get(done.report_sha256).lower()
    assert referred_to([done.report_sha256])


def test_its_progress_is_shown_live_and_then_the_figures(evaluation: ModelEvaluation, owner_client: Client) -> None:
    page, fragment = f"/evaluations/{evaluation.pk}/", f"/evaluations/{evaluation.pk}/progress/"
    assert "0 of 6 images" in owner_client.get(page).content.decode()
    evaluate_some(evaluation_id=evaluation.pk)
    said = owner_client.get(f"{fragment}?seen=queued-0").content.decode()
    assert "2 of 6 images" in said
    assert owner_client.get(f"{fragment}?seen=running-2").status_code == 204
    work_off(evaluation)
    assert owner_client.get(fragment)["HX-Refresh"] == "true"
    shown = owner_client.get(page)
    rows = [[cell.count for cell in cells] for _, cells in shown.context["confusion"].rows]
    assert [sum(row) for row in rows] == [PER_CLASS, PER_CLASS]
    assert "Balanced accuracy" in shown.content.decode()


def test_the_report_is_one_file_that_runs_and_loads_nothing(evaluation: ModelEvaluation, owner_client: Client) -> None:
    address = f"/evaluations/{evaluation.pk}/report/"
    assert owner_client.get(address).status_code == 404
    work_off(evaluation)
    answer = owner_client.get(address)
    assert answer["Content-Disposition"].startswith("attachment")
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "<script" not in answer.content.decode()


def test_what_a_killed_worker_held_is_taken_over_and_nothing_is_measured_twice(evaluation: ModelEvaluation) -> None:
    evaluate_some(evaluation_id=evaluation.pk)
    held = evaluating._claim(evaluation.pk)  # and then the worker is killed
    assert held is not None
    assert not evaluate_some(evaluation_id=evaluation.pk)
    ModelEvaluation.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    done = work_off(evaluation)
    assert done.state == EvaluationState.SUCCEEDED
    assert EvaluatedImage.objects.count() == 6


def test_a_late_twin_stores_nothing(evaluation: ModelEvaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first worker stalls until its lease is lost and another one has measured everything."""
    measure = evaluating._measure

    def stall(*arguments: object) -> list[EvaluatedImage]:
        monkeypatch.undo()
        answers = measure(*arguments)  # type: ignore[arg-type]
        ModelEvaluation.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
        work_off(evaluation)
        return answers

    monkeypatch.setattr(evaluating, "_measure", stall)
    assert not evaluate_some(evaluation_id=evaluation.pk)
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.done) == (EvaluationState.SUCCEEDED, 6)
    assert AuditEvent.objects.filter(action="model.evaluation_succeeded").count() == 1


def test_after_three_dead_workers_it_has_failed_and_a_person_goes_on_with_it(
    evaluation: ModelEvaluation, administrator: User
) -> None:
    evaluate_some(evaluation_id=evaluation.pk)
    for _ in range(3):
        assert evaluating._claim(evaluation.pk) is not None
        ModelEvaluation.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    evaluate_some(evaluation_id=evaluation.pk)
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.done) == (EvaluationState.FAILED, 2)
    assert "three times" in evaluation.failure_message
    again = start_evaluation(model=evaluation.model, started_by=administrator)
    assert again == evaluation
    assert work_off(again).state == EvaluationState.SUCCEEDED


def test_a_flipped_bit_in_the_test_set_is_no_figure(evaluation: ModelEvaluation, settings: Settings) -> None:
    image = TestImage.objects.first()
    assert image is not None
    path = next(Path(settings.MEDIA_ROOT).rglob(image.sha256))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = work_off(evaluation)
    assert (done.state, done.metrics) == (EvaluationState.FAILED, None)
    assert "digest" in done.failure_message


def test_engines_that_disagree_are_a_failure_that_is_stored(
    evaluation: ModelEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(model: ModelVersion) -> object:
        raise ExportFailed("the engines' answers differ")

    monkeypatch.setattr(evaluating, "get_predictor", refuse)
    done = work_off(evaluation)
    assert (done.state, done.failure_message) == (EvaluationState.FAILED, "the engines' answers differ")


def test_our_own_bug_is_raised_and_another_worker_may_try(
    evaluation: ModelEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(model: ModelVersion) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(evaluating, "get_predictor", stumble)
    with pytest.raises(ZeroDivisionError):
        evaluate_some(evaluation_id=evaluation.pk)
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.lease_token, evaluation.attempts) == (EvaluationState.RUNNING, None, 1)


def test_the_sweeper_wakes_the_workers_for_what_nobody_has_in_hand(
    evaluation: ModelEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[object] = []
    monkeypatch.setattr(evaluating, "wake_workers_on_commit", woken.append)
    evaluating.sweep_evaluations()
    assert woken == [evaluation.pk]
    evaluating._claim(evaluation.pk)
    evaluating.sweep_evaluations()
    assert len(woken) == 1


def test_it_needs_a_locked_test_set(candidate: ModelVersion, web: Callable[[str], Client]) -> None:
    with pytest.raises(ValidationError, match="no locked test set"):
        start_evaluation(model=candidate)
    answer = web("administrator").post(f"/models/{candidate.pk}/evaluations/", follow=True)
    assert "no locked test set" in answer.content.decode()


def test_a_second_click_is_the_same_evaluation(
    candidate: ModelVersion, test_set: TestSet, web: Callable[[str], Client]
) -> None:
    page = web("administrator")
    first, second = (page.post(f"/models/{candidate.pk}/evaluations/")["Location"] for _ in range(2))
    assert first == second
    assert AuditEvent.objects.filter(action="model.evaluation_started").count() == 1


def test_figures_stand(evaluation: ModelEvaluation) -> None:
    work_off(evaluation)
    with pytest.raises(InternalError, match="Cannot update"):
        ModelEvaluation.objects.update(metrics={"accuracy": 1.0})
