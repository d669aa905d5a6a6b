"""The figures of metrics.json."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.bootstrap import intervals
from mlcore.measuring import Measured
from mlcore.metrics import HEADLINES, confusion_matrix, malignant_figures, per_class
from mlcore.outcomes import Verdict

Interval = list[float]


def report(measured: Measured, classes: tuple[str, ...], groups: NDArray[np.int64]) -> dict[str, Any]:
    """The content of metrics.json, without the figures that need another pass over the images.

    A figure that cannot be given (the accuracy of no image, the sensitivity without a malignant one) is None.
    """
    everything = np.arange(len(measured.labels))
    values = _single_figures(measured, everything)
    rows = per_class(measured.p, measured.labels)
    bounds = intervals(groups, lambda drawn: _single_figures(measured, drawn) | _class_figures(measured, drawn))
    return {
        "n": len(everything),
        "groups": len(np.unique(groups)),
        **{name: None if math.isnan(value) else value for name, value in values.items()},
        "ci95": {name: bounds[name] for name in values if name in bounds},
        "per_class": dict(zip(classes, rows, strict=True)),
        "per_class_ci95": {name: _of_class(bounds, index) for index, name in enumerate(classes)},
        "confusion_matrix": confusion_matrix(measured.p, measured.labels).tolist(),
    }


def _single_figures(measured: Measured, rows: NDArray[np.int64]) -> dict[str, float]:
    """Every figure that is one number, over the images of those indices; nan where it says nothing."""
    p, labels = measured.p[rows], measured.labels[rows]
    refused, referred = (measured.verdicts[rows] == verdict for verdict in (Verdict.OUT_OF_SCOPE, Verdict.REFER))
    right = p.argmax(axis=1) == labels
    return {
        **{name: figure(p, labels) for name, figure in HEADLINES.items()},
        **malignant_figures(p, labels, measured.malignant),
        "coverage": float(measured.covered[rows].mean()),
        "refer_rate": _share(referred, ~refused),
        "confident_accuracy": _share(right, ~refused & ~referred),
        "out_of_scope_rate": float(refused.mean()),
    }


def _share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(of[among].mean()) if among.any() else float("nan")


def _class_figures(measured: Measured, rows: NDArray[np.int64]) -> dict[str, float]:
    found = per_class(measured.p[rows], measured.labels[rows])
    return {
        f"{index}/{name}": row[name] if row["support"] else float("nan")
        for index, row in enumerate(found)
        for name in ("precision", "recall", "f1")
    }


def _of_class(bounds: Mapping[str, Interval], index: int) -> dict[str, Interval]:
    start = f"{index}/"
    return {name.removeprefix(start): bound for name, bound in bounds.items() if name.startswith(start)}
