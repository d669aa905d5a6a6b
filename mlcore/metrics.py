"""The figures a model is judged by, from probabilities (N x classes), class indices (N) and groups (N)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]
Figure = Callable[[Probabilities, Labels], float]

ECE_BINS = 15


def confusion_matrix(p: Probabilities, labels: Labels) -> NDArray[np.int64]:
    """Counts, a row for each true class and a column for each suggested one."""
    classes = p.shape[1]
    return np.bincount(labels * classes + p.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


def accuracy(p: Probabilities, labels: Labels) -> float:
    """The share of images whose most probable class is the true one."""
    return float((p.argmax(axis=1) == labels).mean())


def balanced_accuracy(p: Probabilities, labels: Labels) -> float:
    """The mean recall over the classes that occur."""
    return _mean_over_classes(p, labels, "recall")


def per_class(p: Probabilities, labels: Labels) -> list[dict[str, float]]:
    """Precision, recall, F1 and support of each class; 0 where a share is of nothing."""
    matrix = confusion_matrix(p, labels)
    return [
        _class_figures(int(matrix[index, index]), int(matrix[:, index].sum()), int(matrix[index].sum()))
        for index in range(len(matrix))
    ]


def _class_figures(right: int, suggested: int, support: int) -> dict[str, float]:
    return {
        "precision": right / suggested if suggested else 0.0,
        "recall": right / support if support else 0.0,
        "f1": 2 * right / (suggested + support) if suggested + support else 0.0,
        "support": support,
    }


def _mean_over_classes(p: Probabilities, labels: Labels, figure: str) -> float:
    return float(np.mean([row[figure] for row in per_class(p, labels) if row["support"]]))


def macro_precision(p: Probabilities, labels: Labels) -> float:
    """The mean precision over the classes that occur."""
    return _mean_over_classes(p, labels, "precision")


def macro_f1(p: Probabilities, labels: Labels) -> float:
    """The mean F1 over the classes that occur."""
    return _mean_over_classes(p, labels, "f1")


def auroc(p: Probabilities, labels: Labels) -> float:
    """Area under the ROC curve, the mean over the classes against the rest (for two classes: the curve's own)."""
    return _mean_against_the_rest(p, labels, _area)


def average_precision(p: Probabilities, labels: Labels) -> float:
    """Area under the precision-recall curve, in steps; the mean over the classes against the rest."""
    return _mean_against_the_rest(p, labels, area_under_precision)


def _mean_against_the_rest(
    p: Probabilities, labels: Labels, area: Callable[[NDArray[np.float64], NDArray[np.bool_]], float]
) -> float:
    found = [area(p[:, index], labels == index) for index in range(p.shape[1])]
    known = [value for value in found if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _area(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    count = int(positive.sum())
    if not 0 < count < len(positive):
        return float("nan")
    ranks = _ranks(scores)[positive].sum()
    return float((ranks - count * (count + 1) / 2) / (count * (len(positive) - count)))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], dtype=np.float64)


def operating_points(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many positive and how many other images score at least as much, for each score from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # the last image of each score
    hits = np.cumsum(positive[order], dtype=np.int64)[last]
    return hits, np.asarray(last + 1 - hits, dtype=np.int64)


def area_under_precision(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The mean of the precision at each positive image, equal scores taken together; nan without any."""
    if not positive.any():
        return float("nan")
    hits, others = operating_points(scores, positive)
    return float((np.diff(hits, prepend=0) * hits / (hits + others)).sum() / hits[-1])


def expected_calibration_error(p: Probabilities, labels: Labels) -> float:
    """The mean gap between confidence and accuracy in 15 bins of equal width (Guo et al., ICML 2017)."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=ECE_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def brier(p: Probabilities, labels: Labels) -> float:
    """The mean squared distance between the probabilities and the truth, summed over the classes."""
    return float(((p - np.eye(p.shape[1])[labels]) ** 2).sum(axis=1).mean())


HEADLINES: Mapping[str, Figure] = MappingProxyType(
    {
        "accuracy": accuracy,
        "balanced_accuracy": balanced_accuracy,
        "macro_precision": macro_precision,
        "macro_f1": macro_f1,
        "auroc": auroc,
        "average_precision": average_precision,
        "ece": expected_calibration_error,
        "brier": brier,
    }
)


def malignant_figures(p: Probabilities, labels: Labels, malignant: Sequence[int]) -> dict[str, float]:
    """What matters most: malignant or not. An image counts as suggested malignant when its best class is."""
    chosen = np.isin(p.argmax(axis=1), malignant)
    true = np.isin(labels, malignant)
    row = _class_figures(int((chosen & true).sum()), int(chosen.sum()), int(true.sum()))
    benign = int((~true).sum())
    return {
        "malignant_precision": row["precision"],
        "sensitivity": row["recall"] if row["support"] else float("nan"),
        "specificity": float((~chosen & ~true).sum() / benign) if benign else float("nan"),
        "malignant_f1": row["f1"],
        "malignant_average_precision": area_under_precision(p[:, list(malignant)].sum(axis=1), true),
    }
