"""From logits to probabilities that can be trusted, and to sets that hold the truth in 95 of 100 images."""

import numpy as np
from numpy.typing import NDArray

from mlcore.manifest import Calibration

COVERAGE = 0.95


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """The softmax of logits (N x classes) divided by the temperature, in float64; rows sum to 1."""
    scaled = logits.astype(np.float64) / temperature
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float64)


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64], classes: tuple[str, ...]) -> Calibration:
    """Fit temperature, conformal thresholds and the refer band on validation images (N x classes, N)."""
    temperature = _temperature(logits, labels)
    p = probabilities(logits, temperature)
    thresholds = {name: _threshold(p[labels == label, label]) for label, name in enumerate(classes)}
    return Calibration(
        temperature=temperature,
        conformal=thresholds,
        coverage=COVERAGE,
        confident_from=_confident_from(p, labels),
    )


def prediction_set(row: NDArray[np.float64], classes: tuple[str, ...], calibration: Calibration) -> tuple[str, ...]:
    """The classes that cannot be excluded; none when the image is unlike every class' validation images."""
    return tuple(name for name, p in zip(classes, row, strict=True) if p >= calibration.conformal[name])


def _temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature with the least log loss, classes weighing the same (Guo et al., ICML 2017), by search."""
    weights = (1 / np.bincount(labels))[labels]

    def loss(log_temperature: float) -> float:
        p = probabilities(logits, float(np.exp(log_temperature)))[np.arange(len(labels)), labels]
        return float(-(weights * np.log(np.maximum(p, 1e-12))).sum())

    low, high = np.log(0.05), np.log(20.0)
    for _ in range(60):  # golden-section steps; the loss has one minimum
        third = (high - low) * 0.381966
        left, right = low + third, high - third
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def _threshold(true_class: NDArray[np.float64]) -> float:
    """Split conformal, class by class (Vovk 2012): the rank that leaves at most 5 % of new images below it."""
    n = len(true_class)
    rank = int(np.floor((n + 1) * (1 - COVERAGE)))
    return float(np.sort(true_class)[rank - 1]) if rank >= 1 else 0.0


def _confident_from(p: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The lowest probability from which 99 of 100 validation images are right; at least 0.5, at most 0.95."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == labels
    for threshold in np.arange(0.5, 0.95, 0.01):
        above = confidence >= threshold
        if not above.any() or right[above].mean() >= 0.99:  # noqa: PLR2004
            return float(np.round(threshold, 2))
    return 0.95
