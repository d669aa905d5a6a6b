"""What a worker does with a batch: decode, segment, infer, store. Bad input is an outcome that is stored."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from clinic.services import audit
from diagnosis.models import Analysis, AnalysisState, Prediction, SlideImage
from diagnosis.services import analysis_queue, file_store, trouble
from diagnosis.services.analysis_queue import Claim
from diagnosis.services.file_removal import keep_files
from diagnosis.services.predictors import get_predictor
from diagnosis.services.shadowing import shadow
from mlcore import overlays
from mlcore.images import UnreadableImage, decode
from mlcore.predictor import Outcome

FILES_AT_ONCE = 8

DAMAGED = (
    "damaged_file",
    gettext_noop(
        "The stored file is no longer what was uploaded, so it was not analysed. Please upload the image again."
    ),
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


@dataclass
class Ready:
    """What is read, with its pictures stored, and has no rows yet."""

    predictions: list[Prediction] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def people(self) -> set[UUID]:
        """Who wait for it."""
        read = {one.analysis.requested_by_id for one in self.predictions}
        return read | {one.analysis.requested_by_id for one in self.failures}

    def add(self, more: "Ready") -> None:
        """Put more to it."""
        self.predictions += more.predictions
        self.failures += more.failures


def analyse_next_batch(*, model_version_id: UUID) -> bool:
    """Analyse the images whose turn it is, of this model or of another that is worked on less. Returns whether there
    may be more.

    After an error of our own the batch is given back, to be tried again image by image, and the error is raised. Where
    disk, store or database failed, no image is to blame: it costs no attempt.
    """
    if trouble.lasts():
        return False
    claim = analysis_queue.claim_next(woken_for=model_version_id)
    if claim is None:
        return False
    try:
        _analyse(claim)
    except trouble.ERRORS as error:
        is_outside = trouble.note(error)
        trouble.once_it_answers(lambda: analysis_queue.give_back(claim, excused=is_outside))
        raise
    except Exception:
        analysis_queue.give_back(claim)
        raise
    return True


def _analyse(claim: Claim) -> None:
    """A few images at a time. Rows are written together at the end, or as soon as somebody's last image is read; where
    others wait, what was not begun with is let go: who sent one image waits for few of other people's."""
    left, ready = list(claim.analyses), Ready()
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:  # files wait for the disk, side by side
        while left:
            step = _next(left)
            ready.add(_read(left[:step], pool))
            left = left[step:]
            analysis_queue.renew(claim)
            if left and analysis_queue.others_wait(claim):
                analysis_queue.let_go(claim, left)
                left = []
            if not ready.people <= {one.requested_by_id for one in left}:
                _store_rows(claim, ready)
                ready = Ready()


def _next(left: Sequence[Analysis]) -> int:
    """How many to read next: a few, but none beyond somebody's last one."""
    people = Counter(one.requested_by_id for one in left)
    for count, one in enumerate(left[: analysis_queue.STEP], start=1):
        people[one.requested_by_id] -= 1
        if not people[one.requested_by_id]:
            return count
    return analysis_queue.STEP


def _read(analyses: Sequence[Analysis], pool: ThreadPoolExecutor) -> Ready:
    """Pictures are drawn and stored side by side, those of the pixels alone while the model is at work."""
    read = [_decode(analysis) for analysis in analyses]
    decoded = [one for one in read if isinstance(one, Decoded)]
    rendered = pool.map(_render, decoded)
    outcomes = get_predictor(analyses[0].model_version).predict([one.pixels for one in decoded])
    drawn = [[pool.submit(draw, outcome) for draw in (_store_mask, _store_outline, _store_map)] for outcome in outcomes]
    list(rendered)
    predictions = [
        _to_prediction(one.analysis, outcome, *[picture.result() for picture in pictures])
        for one, outcome, pictures in zip(decoded, outcomes, drawn, strict=True)
    ]
    return Ready(predictions, [one for one in read if isinstance(one, Failure)])


def _decode(analysis: Analysis) -> Decoded | Failure:
    try:
        return Decoded(analysis, decode(file_store.get(analysis.image.sha256)))
    except UnreadableImage as error:
        if isinstance(error.__cause__, SoftTimeLimitExceeded):  # no word about the image: it is tried again, alone
            raise error.__cause__ from None
        return Failure(analysis, error.code, error.message)
    except file_store.DamagedFile:
        return Failure(analysis, *DAMAGED)


def _render(decoded: Decoded) -> None:
    """Store the re-encoded pixels that browsers get, and note their digests in the image."""
    image = decoded.analysis.image
    display, thumbnail = overlays.display_rendition(decoded.pixels), overlays.thumbnail(decoded.pixels)
    image.display_sha256 = image.thumbnail_sha256 = file_store.put(overlays.encode_png(display))
    if thumbnail is not display:  # a small image is its own thumbnail
        image.thumbnail_sha256 = file_store.put(overlays.encode_png(thumbnail))


def _to_prediction(analysis: Analysis, outcome: Outcome, mask: str, outline: str, activation: str) -> Prediction:
    """The row of an image whose pictures, by their digests, are stored."""
    return Prediction(
        analysis=analysis,
        verdict=outcome.verdict,
        label=outcome.label or "",
        confidence=outcome.confidence,
        malignant_probability=outcome.malignant_probability,
        probabilities=dict(outcome.probabilities),
        prediction_set=list(outcome.prediction_set),
        in_scope_score=outcome.in_scope_score,
        mask_sha256=mask,
        outline_sha256=outline,
        map_sha256=activation,
        mask_area_fraction=outcome.mask_area_fraction,
        contour_count=outcome.contour_count,
        model_sha256=outcome.model,
    )


def _store_mask(outcome: Outcome) -> str:
    return file_store.put(overlays.encode_png(outcome.mask))


def _store_outline(outcome: Outcome) -> str:
    return file_store.put(overlays.mask_outline_png(outcome.mask))


def _store_map(outcome: Outcome) -> str:
    """The digest of the stored activation map; empty when the network has none."""
    if outcome.activation_map is None:
        return ""
    return file_store.put(overlays.activation_png(outcome.activation_map))


@transaction.atomic
def _store_rows(claim: Claim, ready: Ready) -> None:
    """Write results in one transaction, but only for what this claim still holds."""
    held = analysis_queue.lock_held(claim)
    kept = [prediction for prediction in ready.predictions if prediction.analysis_id in held]
    if keep_files(digest for prediction in kept for digest in _digests(prediction)):
        raise file_store.DamagedFile("An erasure took away an equal file just now: the batch is worth another try.")
    failed = [failure for failure in ready.failures if failure.analysis.pk in held]
    SlideImage.objects.bulk_update([one.analysis.image for one in kept], ["display_sha256", "thumbnail_sha256"])
    Prediction.objects.bulk_create(kept)
    shadow(kept)
    analysis_queue.finish([one.analysis_id for one in kept], state=AnalysisState.SUCCEEDED)
    for one in failed:
        analysis_queue.finish([one.analysis.pk], state=AnalysisState.FAILED, code=one.code, message=one.message)
    audit.record_all(actor=None, acts=[*map(_success_act, kept), *map(_failure_act, failed)])


def _digests(prediction: Prediction) -> list[str]:
    image = prediction.analysis.image
    pictures = [prediction.mask_sha256, prediction.outline_sha256, prediction.map_sha256]
    return [*pictures, image.display_sha256, image.thumbnail_sha256]


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
