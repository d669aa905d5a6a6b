"""Every measure, one after another: `python -m benchmarks` writes benchmarks/results.md.

Each runs in a process of its own with a time limit, and one that fails leaves the others alone. What was found is kept
in var/bench, so that `--only NAME` renews one section of the page. `--quick` tries everything with small sizes and
leaves the page as it is.
"""

import argparse
import sys

from benchmarks import machine, results, runs
from benchmarks.figures import told
from benchmarks.measures import MEASURES

PAGE = machine.CHECKOUT / "benchmarks" / "results.md"


def main() -> int:
    """Measure and write; 1 when a measure did not go to its end."""
    options = _parser().parse_args()
    folder = machine.CHECKOUT / "var" / ("bench-quick" if options.quick else "bench")
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for measure in MEASURES:
        if options.only in {"", measure.name}:
            print(f"{measure.title} (at most {measure.minutes:g} minutes, benchmarks/{measure.name}.py)", flush=True)
            done.append(runs.run(measure, folder, quick=options.quick))
            _tell(done[-1])
    page = results.page(machine.described(), [(one, runs.kept(one, folder)) for one in MEASURES])
    target = folder / "results.md" if options.quick else PAGE
    target.write_text(page, encoding="utf-8")
    print(f"{results.summary(done)} The page is {target.relative_to(machine.CHECKOUT)}.")
    return int(any(run.problem for run in done))


def _tell(run: runs.Run) -> None:
    for figure in run.figures:
        print(f"  {told(figure)}")
    print(f"  {run.problem or 'done'} ({run.seconds:.0f} s)", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [measure.name for measure in MEASURES]
    parser.add_argument("--only", default="", choices=names, help="one measure alone")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it: the figures mean nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
