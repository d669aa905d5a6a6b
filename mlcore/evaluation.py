"""Measuring a model on images it never saw: through the same `Predictor` that serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from mlcore.datasets import Sample
from mlcore.images import decode
from mlcore.metrics import HEADLINES, accuracy, balanced_accuracy, confusion_matrix, intervals, per_class
from mlcore.outcomes import Verdict
from mlcore.predictor import Predictor

GAINS = (10, 20, 30)  # percent
_TOGETHER = 64

Change = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The model's answers: probabilities (N x classes), true class indices (N), and what was made of them."""

    p: NDArray[np.float64]
    labels: NDArray[np.int64]
    covered: NDArray[np.bool_]  # the true class is among those the conformal thresholds leave
    verdicts: tuple[Verdict, ...]


def measure(predictor: Predictor, samples: Sequence[Sample], *, change: Change | None = None) -> Measured:
    """Run the model over images, each changed first when `change` is given (seeded by its position)."""
    classes, thresholds = predictor.manifest.classes, predictor.manifest.calibration.conformal
    rows: list[list[float]] = []
    verdicts: list[Verdict] = []
    for start in range(0, len(samples), _TOGETHER):
        images = [decode(sample.path.read_bytes()) for sample in samples[start : start + _TOGETHER]]
        if change:
            images = [change(image, np.random.default_rng((start, i))) for i, image in enumerate(images)]
        for outcome in predictor.predict(images):
            rows.append([outcome.probabilities[name] for name in classes])
            verdicts.append(outcome.verdict)
    p, labels = np.array(rows), np.array([sample.label for sample in samples])
    limits = np.array([thresholds[name] for name in classes])
    covered = p[np.arange(len(labels)), labels] >= limits[labels]
    return Measured(p=p, labels=labels, covered=covered, verdicts=tuple(verdicts))


def change_gain(percent: int) -> Change:
    """Each colour channel brighter or darker by up to so many percent, as under another lamp or camera."""

    def change(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        gains = rng.uniform(1 - percent / 100, 1 + percent / 100, 3)
        return np.clip(np.round(image * gains), 0, 255).astype(np.uint8)

    return change


def report(measured: Measured, classes: tuple[str, ...], groups: NDArray[np.int64]) -> dict[str, Any]:
    """The content of metrics.json, without the figures that need another pass over the images."""
    p, labels = measured.p, measured.labels
    decided = [verdict for verdict in measured.verdicts if verdict is not Verdict.OUT_OF_SCOPE]
    confident = np.array([verdict is Verdict.CONFIDENT for verdict in measured.verdicts])
    right = p.argmax(axis=1) == labels
    return {
        "n": len(labels),
        "groups": len(np.unique(groups)),
        **{name: figure(p, labels) for name, figure in HEADLINES.items()},
        "ci95": intervals(p, labels, groups),
        "per_class": dict(zip(classes, per_class(p, labels), strict=True)),
        "confusion_matrix": confusion_matrix(p, labels).tolist(),
        "coverage": float(measured.covered.mean()),
        "refer_rate": sum(verdict is Verdict.REFER for verdict in decided) / max(1, len(decided)),
        "confident_accuracy": float(right[confident].mean()) if confident.any() else None,
        "out_of_scope_rate": 1 - len(decided) / len(labels),
    }


def colour_shift(predictor: Predictor, samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Accuracy, balanced accuracy and share refused when the channels' gains change by up to 10, 20 and 30 %."""
    table: dict[str, dict[str, float]] = {"accuracy": {}, "balanced_accuracy": {}, "out_of_scope_rate": {}}
    for gain in GAINS:
        found = measure(predictor, samples, change=change_gain(gain))
        refused = sum(verdict is Verdict.OUT_OF_SCOPE for verdict in found.verdicts)
        table["accuracy"][str(gain)] = accuracy(found.p, found.labels)
        table["balanced_accuracy"][str(gain)] = balanced_accuracy(found.p, found.labels)
        table["out_of_scope_rate"][str(gain)] = refused / len(samples)
    return table


def mean_colours(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """The mean red, green and blue of each image (N x 3)."""
    return np.array([decode(sample.path.read_bytes()).mean(axis=(0, 1)) for sample in samples])


def colour_reference(
    train: tuple[NDArray[np.float64], NDArray[np.int64]] | None,
    test: tuple[NDArray[np.float64], NDArray[np.int64]],
    groups: NDArray[np.int64],
) -> dict[str, float]:
    """What three colour averages alone reach: a random forest on `mean_colours` and class indices.

    Without training images: five folds over the test images' groups. A model not clearly better than this has
    learned the stain.
    """
    forest = RandomForestClassifier(n_estimators=200, class_weight="balanced", random_state=0)
    colours, labels = test
    if train is not None:
        shares = forest.fit(*train).predict_proba(colours)
    else:
        folds = GroupKFold(n_splits=min(5, len(np.unique(groups))))
        shares = cross_val_predict(forest, colours, labels, groups=groups, cv=folds, method="predict_proba")
    p = np.asarray(shares, dtype=np.float64)
    return {"accuracy": accuracy(p, labels), "balanced_accuracy": balanced_accuracy(p, labels)}
