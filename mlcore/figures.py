"""The figures of an evaluation, as PNG files."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlcore.evaluation import Measured

mpl.use("Agg")

_BINS = 10


def draw_figures(measured: Measured, classes: tuple[str, ...], metrics: dict[str, Any], out: Path) -> list[Path]:
    """Write confusion matrix, reliability diagram, precision-recall curves and colour shift; returns the files."""
    figures = {
        "confusion_matrix": _confusion(np.array(metrics["confusion_matrix"]), classes),
        "reliability": _reliability(measured),
        "precision_recall": _precision_recall(measured, classes),
        "colour_shift": _colour_shift(metrics),
    }
    paths = []
    for name, figure in figures.items():
        path = out / f"{name}.png"
        figure.savefig(path, dpi=120, bbox_inches="tight")
        plt.close(figure)
        paths.append(path)
    return paths


def _confusion(matrix: NDArray[np.int64], classes: tuple[str, ...]) -> Figure:
    figure, axes = plt.subplots(figsize=(4.5, 4))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(matrix.shape):
        dark = shares[row, column] > 0.5  # noqa: PLR2004  half
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="suggested", ylabel="true", title="Confusion matrix")
    return figure


def _reliability(measured: Measured) -> Figure:
    figure, axes = plt.subplots(figsize=(4.5, 4))
    confidence = measured.p.max(axis=1)
    right = measured.p.argmax(axis=1) == measured.labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    present = np.unique(bins)
    centres = [confidence[bins == b].mean() for b in present]
    shares = [right[bins == b].mean() for b in present]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="perfect")
    axes.plot(centres, shares, marker="o", label="model")
    axes.bar((np.arange(_BINS) + 0.5) / _BINS, np.bincount(bins, minlength=_BINS) / len(bins), 0.09, alpha=0.2)
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02), title="Reliability")
    axes.legend()
    return figure


def _precision_recall(measured: Measured, classes: tuple[str, ...]) -> Figure:
    figure, axes = plt.subplots(figsize=(4.5, 4))
    for index, name in enumerate(classes):
        order = np.argsort(-measured.p[:, index], kind="stable")
        hits = np.cumsum(measured.labels[order] == index)
        if hits[-1]:
            axes.plot(hits / hits[-1], hits / np.arange(1, len(hits) + 1), label=name)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02), title="Precision and recall")
    axes.legend()
    return figure


def _colour_shift(metrics: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(4.5, 4))
    gains = [0, *map(int, metrics["colour_shift"])]
    axes.plot(gains, [metrics["accuracy"], *metrics["colour_shift"].values()], marker="o", label="model")
    axes.axhline(metrics["colour_reference"]["accuracy"], color="grey", linestyle="--", label="mean colours alone")
    axes.set(xlabel="gain changed by up to, percent", ylabel="accuracy", ylim=(0, 1.02), title="Other lamp or camera")
    axes.legend()
    return figure
