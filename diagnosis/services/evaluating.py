"""Measuring a model on a locked test set, by workers: a few images at a time, stored as they are done.

A message is only a wake-up here too. Whoever has a few images in hand holds a lease; what a dead worker held is taken
over, and a late twin stores nothing.
"""

import tempfile
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from diagnosis.models import EvaluatedImage, EvaluationState, ModelEvaluation, TestImage
from diagnosis.models.model_evaluation import TO_DO
from diagnosis.services import file_store
from diagnosis.services.evaluations import note, wake_workers_on_commit
from diagnosis.services.exports import require_export
from diagnosis.services.file_removal import keep_files
from diagnosis.services.predictors import get_predictor
from mlcore.bundle import InvalidBundle
from mlcore.engines.exported import ExportFailed
from mlcore.evaluation import report
from mlcore.figures import draw_figures
from mlcore.images import UnreadableImage, decode
from mlcore.measuring import put_together
from mlcore.predictor import Predictor
from mlcore.report.writing import write_report

TOGETHER = 16  # images a step: a doctor's image never waits long behind one
LEASE = timedelta(seconds=180)  # beyond a task's hard time limit: while a worker lives it keeps what it holds
MAX_ATTEMPTS = 3


def sweep_evaluations() -> None:
    """Wake the workers for whatever is to be measured and in nobody's hands."""
    for pk in _free(ModelEvaluation.objects.all()).order_by("created_at").values_list("pk", flat=True):
        wake_workers_on_commit(pk)


def evaluate_some(*, evaluation_id: UUID) -> bool:
    """Measure the next few images, or put the figures together after the last. Returns whether there is more to do."""
    evaluation = _claim(evaluation_id)
    if evaluation is None:
        return False
    try:
        return _step(evaluation)
    except (ExportFailed, InvalidBundle, file_store.DamagedFile, UnreadableImage) as error:
        _fail(evaluation, str(error))
        return False
    except Exception:
        _let_go(evaluation)
        raise


@transaction.atomic
def _claim(evaluation_id: UUID) -> ModelEvaluation | None:
    waiting = ModelEvaluation.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=evaluation_id)
    evaluation = _free(waiting).first()
    if evaluation is None:
        return None
    if evaluation.attempts >= MAX_ATTEMPTS:
        _end(evaluation, EvaluationState.FAILED, failure_message=_("It stopped unexpectedly three times."))
        return None
    evaluation.lease_token = uuid.uuid4()
    ModelEvaluation.objects.filter(pk=evaluation.pk).update(
        state=EvaluationState.RUNNING,
        attempts=F("attempts") + 1,
        lease_token=evaluation.lease_token,
        lease_expires_at=Now() + LEASE,
    )
    return evaluation


def _free(evaluations: QuerySet[ModelEvaluation]) -> QuerySet[ModelEvaluation]:
    free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now())
    return evaluations.filter(free, state__in=TO_DO)


def _step(evaluation: ModelEvaluation) -> bool:
    predictor = get_predictor(evaluation.model)
    answered = EvaluatedImage.objects.filter(evaluation=evaluation)
    todo = TestImage.objects.filter(test_set=evaluation.test_set_id).exclude(pk__in=answered.values("image"))
    images = list(todo.order_by("pk")[:TOGETHER])
    if images:
        return _store(evaluation, _measure(evaluation, predictor, images))
    _finish(evaluation, predictor)
    return False


def _measure(evaluation: ModelEvaluation, predictor: Predictor, images: Sequence[TestImage]) -> list[EvaluatedImage]:
    outcomes = predictor.predict([decode(file_store.get(image.sha256)) for image in images])
    classes = predictor.manifest.classes
    return [
        EvaluatedImage(
            evaluation=evaluation,
            image=image,
            probabilities=[outcome.probabilities[name] for name in classes],
            verdict=outcome.verdict.value,
        )
        for image, outcome in zip(images, outcomes, strict=True)
    ]


@transaction.atomic
def _store(evaluation: ModelEvaluation, answers: Sequence[EvaluatedImage]) -> bool:
    if not _holds(evaluation):
        return False
    EvaluatedImage.objects.bulk_create(answers)
    ModelEvaluation.objects.filter(pk=evaluation.pk).update(
        done=F("done") + len(answers), attempts=0, lease_token=None, lease_expires_at=None
    )
    return True


def _finish(evaluation: ModelEvaluation, predictor: Predictor) -> None:
    difference = require_export(evaluation.model)
    answers = list(evaluation.answers.select_related("image").order_by("image"))
    classes = predictor.manifest.classes
    measured = put_together(
        predictor.manifest,
        [answer.probabilities for answer in answers],
        labels=[classes.index(answer.image.label) for answer in answers],
        verdicts=[answer.verdict for answer in answers],
    )
    metrics = report(measured, classes, np.array([answer.image.group for answer in answers])) | {
        "model": evaluation.model.sha256,
        "test_set": evaluation.test_set.manifest_sha256,
        "measured": f"the site's locked test set {evaluation.test_set.name}",
        "grouped_by": ["the groups given when it was locked"],
        "warnings": [],
        "skipped": [],
    }
    with tempfile.TemporaryDirectory() as aside:
        figures = draw_figures(measured, classes, metrics, Path(aside))
        page = Path(aside, "report.html")
        write_report(predictor.manifest, metrics, figures, page)
        content = page.read_bytes()
    _conclude(evaluation, metrics=metrics, difference=difference, page=content)


@transaction.atomic
def _conclude(evaluation: ModelEvaluation, *, metrics: dict[str, object], difference: float, page: bytes) -> None:
    sha256 = file_store.put(page)
    if keep_files([sha256]):
        file_store.put(page)
    if _holds(evaluation):
        _end(
            evaluation,
            EvaluationState.SUCCEEDED,
            metrics=metrics,
            engines_difference=difference,
            report_sha256=sha256,
        )


@transaction.atomic
def _fail(evaluation: ModelEvaluation, message: str) -> None:
    if _holds(evaluation):
        _end(evaluation, EvaluationState.FAILED, failure_message=message[:500] or _("It could not be measured."))


@transaction.atomic
def _let_go(evaluation: ModelEvaluation) -> None:
    if _holds(evaluation):
        ModelEvaluation.objects.filter(pk=evaluation.pk).update(lease_token=None, lease_expires_at=None)


def _holds(evaluation: ModelEvaluation) -> bool:
    """Lock the row, and see whether the lease is still this worker's."""
    held = ModelEvaluation.objects.select_for_update(no_key=True).filter(
        pk=evaluation.pk, lease_token=evaluation.lease_token
    )
    return held.first() is not None


def _end(evaluation: ModelEvaluation, state: EvaluationState, **result: object) -> None:
    ModelEvaluation.objects.filter(pk=evaluation.pk).update(
        state=state, lease_token=None, lease_expires_at=None, finished_at=Now(), **result
    )
    note(f"model.evaluation_{state.value}", evaluation, None)
