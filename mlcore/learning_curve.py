"""The learning curve of a training run: as a table, and as a picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlcore.figure_style import MUTED, lines, new_figure, save, style
from mlcore.files import replace_file
from mlcore.training import Epoch


def write_history(history: Sequence[Epoch], path: Path) -> None:
    """Every epoch's figures as CSV."""
    with replace_file(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("epoch", "loss", "validation_loss", "validation_balanced_accuracy"))
        writer.writerows((e.number, e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in history)


def draw_learning_curve(history: Sequence[Epoch], path: Path) -> None:
    """Losses and balanced accuracy epoch by epoch, with the epoch that was kept."""
    with style():
        save(_learning_curve(history), path)


def _learning_curve(history: Sequence[Epoch]) -> Figure:
    figure, (losses, accuracies) = new_figure(9, 3.8, ncols=2)
    numbers = [epoch.number for epoch in history]
    line = lines()
    losses.plot(
        numbers, [epoch.loss for epoch in history], label="training, on changed images", marker="o", **next(line)
    )
    losses.plot(
        numbers, [epoch.validation_loss for epoch in history], label="validation groups", marker="o", **next(line)
    )
    losses.set(xlabel="epoch", title="Loss")
    losses.set_ylim(0, 1.08 * losses.get_ylim()[1])
    accuracies.plot(numbers, [epoch.validation_balanced_accuracy for epoch in history], marker="o", **next(lines()))
    accuracies.set(xlabel="epoch", title="Balanced accuracy on the validation groups", ylim=(None, 1.01))
    kept = best_epoch(history)
    for axes in (losses, accuracies):
        axes.axvline(kept.number, color=MUTED, linewidth=1, linestyle=":", label=f"kept: epoch {kept.number}")
        axes.set_xlim(0.5, numbers[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.legend(*losses.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the lowest loss on the validation groups."""
    return min(history, key=lambda epoch: epoch.validation_loss)
