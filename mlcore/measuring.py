"""A model's answers for images whose class is known: through the same `Predictor` that serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.datasets import Sample, read_pixels
from mlcore.manifest import Manifest
from mlcore.predictor import Predictor

_TOGETHER = 16  # images in memory at a time

Change = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]
Advance = Callable[[int], None]  # called with the number of images just done


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The model's answers: probabilities (N x classes), true class indices (N), and what was made of them."""

    p: NDArray[np.float64]
    labels: NDArray[np.int64]
    covered: NDArray[np.bool_]  # the true class is among those the conformal thresholds leave
    verdicts: NDArray[np.str_]  # values of `Verdict`
    malignant: tuple[int, ...]  # the malignant classes' indices


def measure(
    predictor: Predictor,
    samples: Sequence[Sample],
    *,
    change: Change | None = None,
    draw: int = 0,
    advance: Advance = lambda _images: None,
) -> Measured:
    """Run the model over images, each changed first when `change` is given: at random, by its position and `draw`."""
    classes = predictor.manifest.classes
    rows: list[list[float]] = []
    verdicts: list[str] = []
    for start in range(0, len(samples), _TOGETHER):
        images = [read_pixels(sample) for sample in samples[start : start + _TOGETHER]]
        if change:
            images = [change(image, np.random.default_rng((draw, start + i))) for i, image in enumerate(images)]
        for outcome in predictor.predict(images):
            rows.append([outcome.probabilities[name] for name in classes])
            verdicts.append(outcome.verdict.value)
        advance(len(images))
    return put_together(predictor.manifest, rows, labels=[sample.label for sample in samples], verdicts=verdicts)


def put_together(
    manifest: Manifest, rows: Sequence[Sequence[float]], *, labels: Sequence[int], verdicts: Sequence[str]
) -> Measured:
    """A model's answers put together: a row of probabilities an image, its true class' index, and its verdict."""
    p, true = np.array(rows), np.array(labels)
    limits = np.array([manifest.calibration.conformal[name] for name in manifest.classes])
    malignant = get_assay(manifest.assay).malignant
    return Measured(
        p=p,
        labels=true,
        covered=p[np.arange(len(true)), true] >= limits[true],
        verdicts=np.array(verdicts),
        malignant=tuple(index for index, name in enumerate(manifest.classes) if name in malignant),
    )
