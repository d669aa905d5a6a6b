"""The figures of an evaluation that need no image, as PNG files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlcore.figure_style import BLUE, GRID, MUTED, ORANGE, lines, new_figure, save, style, unit_square
from mlcore.measuring import Measured
from mlcore.metrics import ECE_BINS, area_under_precision, auroc, operating_points

_DARK = 0.5  # from this share of a row on, a cell's number is written in white
_TWO = 2


def draw_figures(measured: Measured, classes: tuple[str, ...], metrics: dict[str, Any], out: Path) -> dict[str, Path]:
    """Write confusion matrix, curves, reliability diagram and colour shift; returns the files by the figures' names."""
    with style():
        figures = {
            "confusion_matrix": _confusion(np.array(metrics["confusion_matrix"]), classes),
            "precision_recall": _precision_recall(measured, classes),
            "roc": _roc(measured, classes),
            "reliability": _reliability(measured),
        }
        if "colour_shift" in metrics:
            figures["colour_shift"] = _colour_shift(metrics)
        return {name: save(figure, out / f"{name}.png") for name, figure in figures.items()}


def _confusion(matrix: NDArray[np.int64], classes: tuple[str, ...]) -> Figure:
    figure, axes = new_figure(4.8, 4.4)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(matrix.shape):
        words = f"{matrix[row, column]}\n{shares[row, column]:.0%}"
        colour = "white" if shares[row, column] > _DARK else "black"
        axes.text(column, row, words, ha="center", va="center", color=colour)
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes, rotation=90, va="center")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="suggested class", ylabel="true class", title="Images, and share of the true class")
    return figure


def _against_the_rest(measured: Measured, classes: tuple[str, ...]) -> Iterator[tuple[str, int, NDArray[np.bool_]]]:
    """Each class that occurs, with its index and which images are of it; of two classes the malignant one says all."""
    chosen = measured.malignant if len(classes) == _TWO else range(len(classes))
    for index in chosen:
        positive = measured.labels == index
        if 0 < positive.sum() < len(positive):
            yield classes[index], index, positive


def _precision_recall(measured: Measured, classes: tuple[str, ...]) -> Figure:
    figure, axes = new_figure(4.8, 4.6)
    for (name, index, positive), line in zip(_against_the_rest(measured, classes), lines(), strict=False):
        scores = measured.p[:, index]
        hits, others = operating_points(scores, positive)
        precision = hits / (hits + others)
        label = f"{name}: average precision {area_under_precision(scores, positive):.3f}"
        axes.step(np.append(0, hits / hits[-1]), np.append(precision[0], precision), where="post", label=label, **line)
        axes.axhline(positive.mean(), color=line["color"], linewidth=0.8, linestyle=":")
    unit_square(axes, x="recall", y="precision", title="Precision and recall")
    _legend(figure)
    return figure


def _roc(measured: Measured, classes: tuple[str, ...]) -> Figure:
    figure, axes = new_figure(4.8, 4.6)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
    for (name, index, positive), line in zip(_against_the_rest(measured, classes), lines(), strict=False):
        scores = measured.p[:, index]
        hits, others = operating_points(scores, positive)
        area = auroc(np.column_stack([-scores, scores]), positive.astype(np.int64))
        axes.plot(np.append(0, others / others[-1]), np.append(0, hits / hits[-1]), label=f"{name}: {area:.3f}", **line)
    unit_square(axes, x="1 - specificity", y="sensitivity", title="ROC curve and area under it")
    _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    if figure.axes[0].get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=1, handlelength=3.2)


def _reliability(measured: Measured) -> Figure:
    figure, (axes, counts) = new_figure(4.8, 5.2, nrows=2, sharex=True, height_ratios=(4, 1))
    confidence = measured.p.max(axis=1)
    right = measured.p.argmax(axis=1) == measured.labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    present = np.unique(bins)
    images = np.bincount(bins, minlength=ECE_BINS)
    said = np.array([confidence[bins == b].mean() for b in present])
    found = np.array([right[bins == b].mean() for b in present])
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":", label="perfectly calibrated")
    axes.errorbar(
        said,
        found,
        yerr=_wilson(found, images[present]),
        color=BLUE,
        marker="o",
        capsize=2,
        elinewidth=1,
        label="this model",
    )
    axes.set(ylabel="share that is right", title="Is it as often right as it says?", ylim=(-0.02, 1.05))
    axes.legend(loc="lower right")
    counts.bar((np.arange(ECE_BINS) + 0.5) / ECE_BINS, images, 0.9 / ECE_BINS, color=MUTED)
    counts.set(xlabel="confidence in the suggested class", ylabel="images", xlim=(0, 1.01))
    return figure


def _wilson(shares: NDArray[np.float64], images: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far the 95 % interval of each share reaches below and above it (2 x N; Wilson, JASA 22, 1927)."""
    square = 1.96**2 / images
    middle = (shares + square / 2) / (1 + square)
    half = 1.96 * np.sqrt(shares * (1 - shares) / images + square / (4 * images)) / (1 + square)
    return np.maximum(np.stack([shares - middle + half, middle + half - shares]), 0.0)


def _colour_shift(metrics: dict[str, Any]) -> Figure:
    figure, axes = new_figure(4.8, 4.0)
    shift, spread = metrics["colour_shift"], metrics["colour_shift_detail"]["spread"]
    gains = [0, *map(int, shift)]
    reached = np.array([metrics["accuracy"], *shift.values()])
    bounds = np.array([[metrics["accuracy"]] * 2, *spread.values()])
    axes.fill_between(gains, bounds[:, 0], bounds[:, 1], color=GRID)
    axes.plot(gains, reached, color=BLUE, marker="o", label="this model")
    for gain, value in zip(gains, reached, strict=True):
        axes.annotate(f"{value:.3f}", (gain, value), (0, 8), textcoords="offset points", ha="center")
    alone = metrics["colour_reference"]["accuracy"]
    if alone is not None:
        axes.axhline(alone, color=ORANGE, linestyle="--", label=f"three mean colours alone: {alone:.3f}")
    lowest = min([*bounds[:, 0], 1.0 if alone is None else alone])
    axes.set(xlabel="each colour channel changed by up to (%)", ylabel="accuracy", title="Another lamp or camera")
    axes.set(xticks=gains, ylim=(max(0.0, np.floor(10 * lowest - 1) / 10), 1.02))
    axes.legend(loc="lower left")
    return figure
