"""What a worker does with a batch: decode, segment, infer, store. Bad input is an outcome that is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models.functions import Now
from numpy.typing import NDArray

from clinic.services import audit
from diagnosis.models import Analysis, AnalysisState, Prediction, SlideImage
from diagnosis.services import analysis_queue, file_store
from diagnosis.services.analysis_queue import Claim
from diagnosis.services.predictors import get_predictor
from mlcore import overlays
from mlcore.images import UnreadableImage, decode
from mlcore.predictor import Outcome

DAMAGED = (
    "damaged_file",
    "The stored file is no longer what was uploaded, so it was not analysed. Please upload the image again.",
)


@dataclass(frozen=True)
class Decoded:
    """An image's pixels: upright 8-bit RGB, height x width x 3."""

    analysis: Analysis
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Failure:
    """An image that cannot be analysed, and why, in words a doctor understands."""

    analysis: Analysis
    code: str
    message: str


@dataclass(frozen=True)
class Rendition:
    """The digests of an image's re-encoded pixels, as browsers get them."""

    image: SlideImage
    display_sha256: str
    thumbnail_sha256: str


def analyse_next_batch(*, model_version_id: UUID) -> bool:
    """Analyse the oldest waiting images of one model. Returns whether there may be more.

    After an error of our own the batch is given back, to be tried again image by image, and the error is raised.
    """
    claim = analysis_queue.claim(model_version_id=model_version_id)
    if claim is None:
        return False
    try:
        _analyse(claim)
    except Exception:
        analysis_queue.give_back(claim)
        raise
    return True


def _analyse(claim: Claim) -> None:
    read = [_decode(analysis) for analysis in claim.analyses]
    decoded = [one for one in read if isinstance(one, Decoded)]
    failures = [one for one in read if isinstance(one, Failure)]
    renditions = [_render(one) for one in decoded]
    analysis_queue.renew(claim)
    predictor = get_predictor(claim.analyses[0].model_version)
    outcomes = predictor.predict([one.pixels for one in decoded])
    analysis_queue.renew(claim)
    predictions = [_to_prediction(one.analysis, outcome) for one, outcome in zip(decoded, outcomes, strict=True)]
    _store(claim, renditions=renditions, predictions=predictions, failures=failures)


def _decode(analysis: Analysis) -> Decoded | Failure:
    try:
        return Decoded(analysis, decode(file_store.get(analysis.image.sha256)))
    except UnreadableImage as error:
        return Failure(analysis, error.code, error.message)
    except file_store.DamagedFile:
        return Failure(analysis, *DAMAGED)


def _render(decoded: Decoded) -> Rendition:
    display = overlays.display_rendition(decoded.pixels)
    return Rendition(
        image=decoded.analysis.image,
        display_sha256=file_store.put(overlays.encode_png(display)),
        thumbnail_sha256=file_store.put(overlays.encode_png(overlays.thumbnail(decoded.pixels))),
    )


def _to_prediction(analysis: Analysis, outcome: Outcome) -> Prediction:
    return Prediction(
        analysis=analysis,
        verdict=outcome.verdict,
        label=outcome.label or "",
        confidence=outcome.confidence,
        malignant_probability=outcome.malignant_probability,
        probabilities=dict(outcome.probabilities),
        prediction_set=list(outcome.prediction_set),
        in_scope_score=outcome.in_scope_score,
        mask_sha256=file_store.put(overlays.encode_png(outcome.mask)),
        outline_sha256=file_store.put(overlays.mask_outline_png(outcome.mask)),
        map_sha256=file_store.put(overlays.activation_png(outcome.activation_map)),
        mask_area_fraction=outcome.mask_area_fraction,
        contour_count=outcome.contour_count,
        model_sha256=outcome.model,
    )


@transaction.atomic
def _store(
    claim: Claim,
    *,
    renditions: Sequence[Rendition],
    predictions: Sequence[Prediction],
    failures: Sequence[Failure],
) -> None:
    """Write a batch's results in one transaction, but only for what this claim still holds."""
    held = analysis_queue.lock_held(claim)
    for rendition in renditions:
        SlideImage.objects.filter(pk=rendition.image.pk).update(
            display_sha256=rendition.display_sha256, thumbnail_sha256=rendition.thumbnail_sha256
        )
    kept = [prediction for prediction in predictions if prediction.analysis_id in held]
    Prediction.objects.bulk_create(kept)
    Analysis.objects.filter(pk__in=[one.analysis_id for one in kept]).update(
        state=AnalysisState.SUCCEEDED, lease_token=None, lease_expires_at=None, finished_at=Now()
    )
    failed = [failure for failure in failures if failure.analysis.pk in held]
    for failure in failed:
        Analysis.objects.filter(pk=failure.analysis.pk).update(
            state=AnalysisState.FAILED,
            lease_token=None,
            lease_expires_at=None,
            finished_at=Now(),
            failure_code=failure.code,
            failure_message=failure.message,
        )
    audit.record_all(actor=None, acts=[*map(_success_act, kept), *map(_failure_act, failed)])


def _success_act(prediction: Prediction) -> audit.Act:
    return audit.Act(
        action="analysis.succeeded",
        subject=prediction.analysis,
        patient_id=prediction.analysis.image.case.patient_id,
        detail={"prediction": str(prediction.pk), "model_sha256": prediction.model_sha256},
    )


def _failure_act(failure: Failure) -> audit.Act:
    return audit.Act(
        action="analysis.failed",
        subject=failure.analysis,
        patient_id=failure.analysis.image.case.patient_id,
        detail={"code": failure.code},
    )
