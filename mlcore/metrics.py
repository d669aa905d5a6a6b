"""The figures a model is judged by, from probabilities (N x classes), class indices (N) and groups (N)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]

_ECE_BINS = 15
_RESAMPLES = 1000


def confusion_matrix(p: Probabilities, labels: Labels) -> NDArray[np.int64]:
    """Counts, a row for each true class and a column for each suggested one."""
    classes = p.shape[1]
    return np.bincount(labels * classes + p.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


def accuracy(p: Probabilities, labels: Labels) -> float:
    """The share of images whose most probable class is the true one."""
    return float((p.argmax(axis=1) == labels).mean())


def balanced_accuracy(p: Probabilities, labels: Labels) -> float:
    """The mean recall over the classes that occur."""
    matrix = confusion_matrix(p, labels)
    support = matrix.sum(axis=1)
    return float((np.diag(matrix)[support > 0] / support[support > 0]).mean())


def per_class(p: Probabilities, labels: Labels) -> list[dict[str, float]]:
    """Precision, recall, F1 and support of each class; 0 where a share is of nothing."""
    matrix = confusion_matrix(p, labels)
    rows = []
    for index, right in enumerate(np.diag(matrix)):
        suggested, support = int(matrix[:, index].sum()), int(matrix[index].sum())
        rows.append(
            {
                "precision": float(right / suggested) if suggested else 0.0,
                "recall": float(right / support) if support else 0.0,
                "f1": float(2 * right / (suggested + support)) if suggested + support else 0.0,
                "support": support,
            }
        )
    return rows


def macro_f1(p: Probabilities, labels: Labels) -> float:
    """The mean F1 over the classes that occur."""
    return float(np.mean([row["f1"] for row in per_class(p, labels) if row["support"]]))


def auroc(p: Probabilities, labels: Labels) -> float:
    """Area under the ROC curve, the mean over the classes against the rest (for two classes: the curve's own)."""
    areas = []
    for index in range(p.shape[1]):
        positive = labels == index
        count = int(positive.sum())
        if 0 < count < len(labels):
            ranks = _ranks(p[:, index])[positive].sum()
            areas.append((ranks - count * (count + 1) / 2) / (count * (len(labels) - count)))
    return float(np.mean(areas)) if areas else float("nan")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], dtype=np.float64)


def expected_calibration_error(p: Probabilities, labels: Labels) -> float:
    """The mean gap between confidence and accuracy in 15 bins of equal width (Guo et al., ICML 2017)."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == labels
    bins = np.minimum((confidence * _ECE_BINS).astype(int), _ECE_BINS - 1)
    gaps = [abs((right[bins == b] - confidence[bins == b]).sum()) for b in np.unique(bins)]
    return float(sum(gaps) / len(labels))


def brier(p: Probabilities, labels: Labels) -> float:
    """The mean squared distance between the probabilities and the truth, summed over the classes."""
    return float(((p - np.eye(p.shape[1])[labels]) ** 2).sum(axis=1).mean())


HEADLINES: Mapping[str, Callable[[Probabilities, Labels], float]] = MappingProxyType(
    {
        "accuracy": accuracy,
        "balanced_accuracy": balanced_accuracy,
        "macro_f1": macro_f1,
        "auroc": auroc,
        "ece": expected_calibration_error,
        "brier": brier,
    }
)


def intervals(p: Probabilities, labels: Labels, groups: Labels, *, seed: int = 0) -> dict[str, list[float]]:
    """95 % intervals of the headline figures: bootstrap over groups, as images of one patient are alike."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in HEADLINES}
    for _ in range(_RESAMPLES):
        rows = np.concatenate([members[index] for index in rng.integers(0, len(members), len(members))])
        for name, figure in HEADLINES.items():
            drawn[name].append(figure(p[rows], labels[rows]))
    return {name: [float(q) for q in np.nanquantile(values, (0.025, 0.975))] for name, values in drawn.items()}
