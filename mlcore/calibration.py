"""From logits to probabilities that can be trusted, and to sets that hold the truth in 95 of 100 images."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlcore.manifest import Calibration

COVERAGE = 0.95

_GOLDEN = 0.381966  # of the interval: golden-section search
_ROUNDS = 8  # over temperature and biases


def probabilities(
    logits: NDArray[np.float32], temperature: float, bias: NDArray[np.float64] | float = 0.0
) -> NDArray[np.float64]:
    """The softmax in float64 of logits (N x classes) over the temperature, plus a bias a class; rows sum to 1."""
    scaled = logits.astype(np.float64) / temperature + bias
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float64)


def calibrated(logits: NDArray[np.float32], classes: tuple[str, ...], calibration: Calibration) -> NDArray[np.float64]:
    """The probabilities of logits (N x classes, or one row) under a calibration."""
    return probabilities(logits, calibration.temperature, np.array([calibration.bias[name] for name in classes]))


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64], classes: tuple[str, ...]) -> Calibration:
    """Fit temperature, biases, conformal thresholds and the refer band on held-out images (N x classes, N)."""
    temperature, bias = fit_softmax(logits, labels)
    p = probabilities(logits, temperature, bias)
    thresholds = {name: _threshold(p[labels == label, label]) for label, name in enumerate(classes)}
    return Calibration(
        temperature=temperature,
        bias={name: float(value) for name, value in zip(classes, bias, strict=True)},
        conformal=thresholds,
        coverage=COVERAGE,
        confident_from=_confident_from(p, labels),
    )


def prediction_set(row: NDArray[np.float64], classes: tuple[str, ...], calibration: Calibration) -> tuple[str, ...]:
    """The classes that cannot be excluded; none when the image is unlike every class' validation images."""
    return tuple(name for name, p in zip(classes, row, strict=True) if p >= calibration.conformal[name])


def fit_softmax(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """The temperature and biases with the least log loss, classes weighing the same.

    Temperature scaling with a bias a class (Guo et al., ICML 2017, section 4.2), one number after the other: the loss
    has one minimum along each.
    """
    weights = (1 / np.bincount(labels))[labels]
    found = np.zeros(1 + logits.shape[1])  # the temperature's logarithm, then the biases

    def loss(position: int, value: float) -> float:
        tried = np.concatenate([found[:position], [value], found[position + 1 :]])
        p = probabilities(logits, float(np.exp(tried[0])), tried[1:])[np.arange(len(labels)), labels]
        return float(-(weights * np.log(np.maximum(p, 1e-12))).sum())

    for _ in range(_ROUNDS):
        for position in range(len(found)):
            found[position] = _lowest(partial(loss, position))
    return float(np.exp(found[0])), found[1:] - found[1:].mean()


def calibrated_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The log loss that the best temperature and biases leave, classes weighing the same.

    What calibration will take away anyway says nothing about which weights are better.
    """
    p = probabilities(logits, *fit_softmax(logits, labels))
    losses = -np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-12))
    return float(np.mean([losses[labels == label].mean() for label in np.unique(labels)]))


def _lowest(loss: Callable[[float], float]) -> float:
    """Where a function with one minimum is lowest from -3 to 3, by golden-section search."""
    low, high = -3.0, 3.0
    for _ in range(40):
        third = (high - low) * _GOLDEN
        left, right = low + third, high - third
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return (low + high) / 2


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
