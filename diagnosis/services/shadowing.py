"""A model in the shadow reads live images once the active one has read them, and only while no doctor's image waits."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from numpy.typing import NDArray

from clinic import wake_ups
from clinic.services import audit
from diagnosis.models import (
    Analysis,
    AnalysisState,
    ModelState,
    ModelVersion,
    Prediction,
    Priority,
    ShadowAnalysis,
    ShadowState,
)
from diagnosis.selectors.queues import queue_of
from diagnosis.services import file_store
from diagnosis.services.predictors import get_predictor
from mlcore.images import UnreadableImage, decode
from mlcore.predictor import Outcome

TOGETHER = 4  # images a step: a doctor's image that comes in meanwhile waits for a moment at most
LEASE = timedelta(seconds=180)  # beyond a task's hard time limit: while a worker lives it keeps what it holds
MAX_ATTEMPTS = 3


def shadow(predictions: Iterable[Prediction]) -> None:
    """Queue what the active model has just read for the models in its shadow; in the same transaction."""
    by_assay: dict[str, list[UUID]] = {}
    for prediction in predictions:
        image = prediction.analysis.image
        if prediction.analysis.model_version.state == ModelState.ACTIVE:
            by_assay.setdefault(image.case.assay, []).append(image.pk)
    models = ModelVersion.objects.filter(assay__in=by_assay, state=ModelState.SHADOW) if by_assay else ()
    for model in models:
        ShadowAnalysis.objects.bulk_create(
            (ShadowAnalysis(image_id=pk, model_version=model) for pk in by_assay[model.assay]), ignore_conflicts=True
        )
        wake_workers_on_commit(model.pk)


def wake_workers_on_commit(model_version_id: UUID) -> None:
    """Tell the workers, once the current transaction holds, that a model in the shadow has images to read."""
    transaction.on_commit(
        lambda: wake_ups.wake(
            "diagnosis.tasks.analyse_in_shadow", str(model_version_id), queue=queue_of(model_version_id)
        ),
        robust=True,
    )


def sweep_shadows() -> None:
    """Wake the workers for whatever models in the shadow have to read, unless a doctor's image waits."""
    if _a_doctors_image_waits():
        return
    for pk in _waiting().order_by().values_list("model_version", flat=True).distinct():
        wake_workers_on_commit(pk)


def analyse_some(*, model_version_id: UUID) -> bool:
    """Read the next few images in the shadow. Returns whether there may be more, which can wait for the sweeper."""
    if _a_doctors_image_waits():
        return False
    token = uuid.uuid4()
    held = _claim(model_version_id, token)
    if not held:
        return False
    read = [(one, _read(one)) for one in held]
    readable = [(one, pixels) for one, pixels in read if not isinstance(pixels, str)]
    outcomes = get_predictor(held[0].model_version).predict([pixels for _, pixels in readable])
    done = [(one, outcome) for (one, _), outcome in zip(readable, outcomes, strict=True)]
    _store(token, done=done, failed=[(one, code) for one, code in read if isinstance(code, str)])
    return True


def _a_doctors_image_waits() -> bool:
    return Analysis.objects.filter(
        state=AnalysisState.QUEUED,
        priority=Priority.FIRST,
        image__case__patient__restricted_at__isnull=True,
        model_version__stopped_at__isnull=True,
    ).exists()


def _waiting() -> QuerySet[ShadowAnalysis]:
    lost = Q(state=ShadowState.RUNNING, lease_expires_at__lt=Now())
    return ShadowAnalysis.objects.filter(
        Q(state=ShadowState.QUEUED) | lost,
        model_version__state=ModelState.SHADOW,
        model_version__stopped_at__isnull=True,
        image__withdrawn_at__isnull=True,
        image__case__patient__restricted_at__isnull=True,
    )


@transaction.atomic
def _claim(model_version_id: UUID, token: UUID) -> Sequence[ShadowAnalysis]:
    free = _waiting().filter(model_version=model_version_id).select_related("image__case", "model_version")
    free = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    found = list(free[:TOGETHER])
    spent = [one.pk for one in found if one.attempts >= MAX_ATTEMPTS]
    ended = {"state": ShadowState.FAILED, "failure_code": "stopped", "lease_token": None, "lease_expires_at": None}
    ShadowAnalysis.objects.filter(pk__in=spent).update(**ended)
    held = [one for one in found if one.pk not in spent]
    ShadowAnalysis.objects.filter(pk__in=[one.pk for one in held]).update(
        state=ShadowState.RUNNING, attempts=F("attempts") + 1, lease_token=token, lease_expires_at=Now() + LEASE
    )
    return held


def _read(one: ShadowAnalysis) -> NDArray[np.uint8] | str:
    """The image's pixels, or the code of what is wrong with it."""
    try:
        return decode(file_store.get(one.image.sha256))
    except UnreadableImage as error:
        return error.code
    except file_store.DamagedFile:
        return "damaged_file"


@transaction.atomic
def _store(
    token: UUID,
    *,
    done: Sequence[tuple[ShadowAnalysis, Outcome]],
    failed: Sequence[tuple[ShadowAnalysis, str]],
) -> None:
    """Write what was found, but only for what this worker still holds."""
    mine = ShadowAnalysis.objects.select_for_update(no_key=True).filter(lease_token=token, state=ShadowState.RUNNING)
    held = set(mine.values_list("pk", flat=True))
    results = [(one, _columns(outcome)) for one, outcome in done]
    results += [(one, {"state": ShadowState.FAILED, "failure_code": code}) for one, code in failed]
    kept = [(one, columns) for one, columns in results if one.pk in held]
    for one, columns in kept:
        ShadowAnalysis.objects.filter(pk=one.pk).update(lease_token=None, lease_expires_at=None, **columns)
    acts = [audit.Act(action="analysis.shadowed", subject=one, patient_id=one.image.case.patient_id) for one, _ in kept]
    audit.record_all(actor=None, acts=acts)


def _columns(outcome: Outcome) -> dict[str, object]:
    return {
        "state": ShadowState.SUCCEEDED,
        "verdict": outcome.verdict.value,
        "label": outcome.label or "",
        "malignant_probability": outcome.malignant_probability,
        "probabilities": dict(outcome.probabilities),
    }
