"""What a benchmark found: a measure, its runs, what they are compared with, and the goal.

Every script takes `--figures FILE`, writes the figures it found there (JSON), and prints them:

    figures.options_of(parser)          # --figures, --quick
    figures.publish([Figure(...)], options)
"""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Goal = Mapping[Literal["at_most", "at_least"], float]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measure. The goal is about the ratio to `against`, or about the median itself where there is none.

    `runs` and `against_runs` are repetitions, taken in turns where there are both. Without a goal it only tells.
    """

    measure: str
    unit: str
    runs: Sequence[float]
    against: str = ""
    against_runs: Sequence[float] = ()
    goal: Goal = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not self.runs or bool(self.against) != bool(self.against_runs):
            raise ValueError(f"{self.measure}: runs are missing, or what they are compared with")

    @property
    def value(self) -> float:
        """The median of the runs."""
        return statistics.median(self.runs)

    @property
    def ratio(self) -> float | None:
        """The median of the runs by that of the others; none where there are no others."""
        return self.value / statistics.median(self.against_runs) if self.against else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; none where there is none."""
        if not self.goal:
            return None
        found = self.value if self.ratio is None else self.ratio
        return self.goal.get("at_least", found) <= found <= self.goal.get("at_most", found)


def options_of(parser: argparse.ArgumentParser) -> None:
    """Add the options that every script has."""
    parser.add_argument("--figures", type=Path, metavar="FILE", help="write what was found into this file (JSON)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it: the figures mean nothing")


def publish(found: Sequence[Figure], options: argparse.Namespace) -> None:
    """Print figures, and write them where the options ask for it."""
    for figure in found:
        print(told(figure), flush=True)
    if options.figures:
        write(options.figures, found)


def write(path: Path, found: Sequence[Figure]) -> None:
    """Keep figures in a file."""
    path.write_text(json.dumps([asdict(figure) for figure in found], indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[Figure]:
    """Figures that were kept."""
    return [Figure(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def told(figure: Figure) -> str:
    """A figure in a line, for the terminal."""
    against = "" if figure.ratio is None else f", {figure.ratio:.2f}x {figure.against}"
    answer = {None: "", True: ", reached", False: ", NOT reached"}[figure.reached]
    goal = "".join(f", goal {side.replace('_', ' ')} {bound:g}" for side, bound in figure.goal.items())
    return f"{figure.measure}: {number(figure.value)} {figure.unit}{spread(figure)}{against}{goal}{answer}"


def spread(figure: Figure) -> str:
    """The least and the most of the runs, where there were several."""
    return f" ({number(min(figure.runs))} to {number(max(figure.runs))})" if len(figure.runs) > 1 else ""


def number(value: float) -> str:
    """Three digits, with commas in thousands."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
