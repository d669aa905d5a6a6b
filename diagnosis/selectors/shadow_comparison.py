"""A model in the shadow beside the active one, on the same live images: numbers over all of them, never an image."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from diagnosis.models import ModelVersion, Prediction, Reading, ShadowAnalysis, ShadowState, Verdict
from diagnosis.selectors.outcomes import outcome_of_image
from mlcore.bootstrap import intervals

MOST_IMAGES = 20_000  # the newest
OUTSIDE = Verdict.OUT_OF_SCOPE.value


@dataclass(frozen=True)
class Pair:
    """What both models said about one image, and whose it is."""

    image: UUID
    patient: UUID
    active: str  # the class, or that it is outside what the model knows
    shadow: str
    active_verdict: str
    shadow_verdict: str
    active_best: str  # the most probable class, whatever the verdict
    shadow_best: str


@dataclass(frozen=True)
class AgainstReadings:
    """How often each is right where a signed reading says so, and how much more often the one in the shadow is.

    `low` and `high` bound the difference (95 %): patients are drawn, and both models are judged on the same draw.
    None where there are too few patients to say.
    """

    images: int
    patients: int
    active: float
    shadow: float
    low: float | None
    high: float | None

    @property
    def difference(self) -> float:
        return self.shadow - self.active


@dataclass(frozen=True)
class Comparison:
    """Both models on the same images."""

    images: int
    agreeing: int
    results: Sequence[str]
    by_result: Mapping[tuple[str, str], int]
    changed_verdicts: Sequence[tuple[str, str, int]]
    readings: AgainstReadings | None

    @property
    def agreement(self) -> float:
        return self.agreeing / self.images


def compare(*, shadow: ModelVersion, active: ModelVersion) -> Comparison | None:
    """The newest images that both have read; None when there is none."""
    pairs = _pairs(shadow, active)
    if not pairs:
        return None
    verdicts = Counter((pair.active_verdict, pair.shadow_verdict) for pair in pairs)
    return Comparison(
        images=len(pairs),
        agreeing=sum(pair.active == pair.shadow for pair in pairs),
        results=[*active.manifest.get("classes", ()), OUTSIDE],
        by_result=Counter((pair.active, pair.shadow) for pair in pairs),
        changed_verdicts=[(one, other, count) for (one, other), count in verdicts.most_common() if one != other],
        readings=_against_readings(pairs),
    )


def _pairs(shadow: ModelVersion, active: ModelVersion) -> list[Pair]:
    rows = ShadowAnalysis.objects.filter(
        model_version=shadow, state=ShadowState.SUCCEEDED, image__withdrawn_at__isnull=True
    ).order_by("-pk")[:MOST_IMAGES]
    silent = {row.image_id: row for row in rows}
    spoken = Prediction.objects.filter(analysis__model_version=active, analysis__image__in=silent)
    found = spoken.values_list("analysis__image", "analysis__image__case__patient", "verdict", "label", "probabilities")
    return [
        Pair(
            image=image,
            patient=patient,
            active=label or OUTSIDE,
            shadow=silent[image].label or OUTSIDE,
            active_verdict=verdict,
            shadow_verdict=silent[image].verdict,
            active_best=_best(probabilities),
            shadow_best=_best(silent[image].probabilities or {}),
        )
        for image, patient, verdict, label, probabilities in found
    ]


def _best(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda name: probabilities[name], default="")


def _against_readings(pairs: Sequence[Pair]) -> AgainstReadings | None:
    truth = _signed_classes([pair.image for pair in pairs])
    judged = [pair for pair in pairs if pair.image in truth]
    if not judged:
        return None
    active = np.array([pair.active_best == truth[pair.image] for pair in judged], dtype=np.float64)
    shadow = np.array([pair.shadow_best == truth[pair.image] for pair in judged], dtype=np.float64)
    patients = np.unique([str(pair.patient) for pair in judged], return_inverse=True)[1]
    bounds = intervals(patients, lambda drawn: {"difference": float((shadow[drawn] - active[drawn]).mean())})
    low, high = bounds.get("difference", (None, None))
    return AgainstReadings(
        images=len(judged),
        patients=len(set(patients.tolist())),
        active=float(active.mean()),
        shadow=float(shadow.mean()),
        low=low,
        high=high,
    )


def _signed_classes(images: Sequence[UUID]) -> dict[UUID, str]:
    """The class that each image's readings come to, for images of signed cases; those without a class are left out."""
    readings: dict[UUID, list[Reading]] = {}
    for reading in Reading.objects.current().filter(image__in=images, image__case__reports__isnull=False).distinct():
        readings.setdefault(reading.image_id, []).append(reading)
    outcomes = {image: outcome_of_image(found).reading for image, found in readings.items()}
    return {image: reading.label for image, reading in outcomes.items() if reading and reading.label}
