"""The learning curve of a training run: as a table, and as a picture."""

import csv
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlcore.figure_style import MUTED, lines, new_figure, save, style
from mlcore.files import replace_file
from mlcore.training import Epoch, best_epoch

Histories = Sequence[Sequence[Epoch]]  # a network each


def write_histories(histories: Histories, path: Path) -> None:
    """Every network's and epoch's figures as CSV."""
    with replace_file(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("network", "epoch", "loss", "validation_loss", "validation_balanced_accuracy"))
        for number, history in enumerate(histories, start=1):
            writer.writerows((number, *astuple(epoch)) for epoch in history)


def draw_learning_curves(histories: Histories, path: Path) -> None:
    """Losses and balanced accuracy epoch by epoch, with the epochs that were kept: a line for each network."""
    with style():
        save(_learning_curves(histories), path)


def _learning_curves(histories: Histories) -> Figure:
    figure, (losses, accuracies) = new_figure(9, 3.8, ncols=2)
    line = lines()
    curves = (
        (losses, "loss", "training, on changed images", next(line)),
        (losses, "validation_loss", "validation groups", next(line)),
        (accuracies, "validation_balanced_accuracy", "validation groups", next(lines())),
    )
    for axes, name, label, look in curves:
        for number, history in enumerate(histories):
            values = [getattr(epoch, name) for epoch in history]
            axes.plot([epoch.number for epoch in history], values, label=None if number else label, marker="o", **look)
    losses.set(xlabel="epoch", title="Loss")
    losses.set_ylim(0, 1.08 * losses.get_ylim()[1])
    accuracies.set(xlabel="epoch", title="Balanced accuracy on the validation groups", ylim=(None, 1.01))
    _mark_kept(histories, (losses, accuracies))
    figure.legend(*losses.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _mark_kept(histories: Histories, panels: Sequence[Axes]) -> None:
    kept = sorted({best_epoch(history).number for history in histories})
    for axes in panels:
        for number in kept:
            label = f"kept: epoch {', '.join(map(str, kept))}" if number == kept[0] else None
            axes.axvline(number, color=MUTED, linewidth=1, linestyle=":", label=label)
        axes.set_xlim(0.5, max(len(history) for history in histories) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
