"""How every figure looks. Lines differ in colour and in dash: no figure needs its colours to be told apart."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlcore.files import replace_file

INK, MUTED, GRID, PAPER = "#1f2933", "#59636e", "#d9dee3", "#ffffff"
BLUE, ORANGE = "#0072b2", "#d55e00"

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
_LINES = (
    {"color": BLUE, "linestyle": "-"},
    {"color": ORANGE, "linestyle": "--"},
    {"color": "#009e73", "linestyle": "-."},
    {"color": "#8a4f7d", "linestyle": (0, (1, 1))},
)

_STYLE: Any = {  # matplotlib types its 300 settings as literals
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "savefig.facecolor": PAPER,
}


def lines() -> Iterator[dict[str, Any]]:
    """Colour and dash of one line after another."""
    return cycle(_LINES)


def style() -> AbstractContextManager[None]:
    """Everything drawn inside looks like this."""
    return mpl.rc_context(_STYLE)


def new_figure(width: float, height: float, **grid: Any) -> tuple[Figure, Any]:
    """A figure of that size in inches and its axes (an array of them when `grid` asks for rows or columns)."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**grid)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, in place of an earlier one."""
    with replace_file(path) as aside:
        # Neither date nor version: the same answers give the same bytes.
        figure.savefig(aside, format="png", dpi=144, metadata={"Software": None})
    return path


def unit_square(axes: Axes, *, x: str, y: str, title: str) -> None:
    """Two shares against each other, drawn to one scale."""
    axes.set(xlabel=x, ylabel=y, title=title, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set_aspect("equal")
