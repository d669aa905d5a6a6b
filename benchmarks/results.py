"""The page of results, made from what is kept of each measure's last run."""

from collections.abc import Iterable, Mapping

from benchmarks.figures import Figure, number, spread
from benchmarks.measures import Measure
from benchmarks.runs import Run

HEAD = """# Benchmark results

Written by `make bench`. Values are medians, with the least and the most of the runs in brackets. Where something is
compared, both took turns within one run: the ratio holds where the figures, on another machine, do not.
"""
COLUMNS = ("measure", "value", "against", "ratio", "goal", "reached", "note")


def page(machine: Mapping[str, str], runs: Iterable[tuple[Measure, Run | None]]) -> str:
    """The whole page."""
    lines = [HEAD, *(f"- {name}: {value}" for name, value in machine.items()), ""]
    for measure, run in runs:
        lines += [f"## {measure.title}", "", *_section(run), ""]
    return "\n".join(lines)


def _section(run: Run | None) -> list[str]:
    if run is None:
        return ["Not measured yet."]
    told = f"`make bench ARGS='--only {run.name}'`, {run.at}, commit {run.commit}, load before {run.load:.2f}, "
    told += f"{run.seconds:.0f} s."
    problem = ["", f"**Not to its end.** {run.problem}"] if run.problem else []
    return [told, *problem, *(["", *_table(run.figures)] if run.figures else [])]


def _table(figures: list[Figure]) -> list[str]:
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(_row, figures)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(figure: Figure) -> tuple[str, ...]:
    against, ratio = "", ""
    if figure.ratio is not None:
        others = Figure(measure=figure.against, unit=figure.unit, runs=figure.against_runs)
        against, ratio = f"{figure.against}: {_value(others)}", f"{figure.ratio:.2f}x"
    reached = {None: "", True: "yes", False: "**no**"}[figure.reached]
    return figure.measure, _value(figure), against, ratio, _goal(figure), reached, figure.note


def _value(figure: Figure) -> str:
    return f"{number(figure.value)} {figure.unit}{spread(figure)}"


def _goal(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.ratio is None else "x"
    return ", ".join(f"{side.replace('_', ' ')} {bound:g}{unit}" for side, bound in figure.goal.items())


def summary(runs: Iterable[Run]) -> str:
    """In a line: how many goals were reached, and what did not go to its end."""
    found = list(runs)
    answers = [figure.reached for run in found for figure in run.figures if figure.reached is not None]
    failed = [run.name for run in found if run.problem]
    told = f"{sum(answers)} of {len(answers)} goals reached."
    return f"{told} Not to its end: {', '.join(failed)}." if failed else told
