"""Do lists and pages stay as quick when the tables grow? At 10,000, 100,000 and 1,000,000 analyses, in turns.

    python -m embedded exec --temporary -- python -m benchmarks.lists --figures FILE

Makes its own data, so give it a database that is thrown away: it grows, and is copied at each size, so that all sizes
are asked in turns and whatever else the machine does falls on all alike. Pages are asked for as a browser does, through
views and templates. `--explain` prints how the database goes about the slowest query of each page that missed its goal.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import figures
from benchmarks.copies import Copies
from benchmarks.figures import Figure
from benchmarks.start import prepare

SIZES = (10_000, 100_000, 1_000_000)  # analyses
QUICK = (1_000, 2_000, 4_000)
LONGER = 1.5
SLOWEST = 150.0  # milliseconds


@dataclass
class Times:
    """A page at one size: milliseconds of every repetition, and how many queries it takes."""

    milliseconds: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.milliseconds, n=20, method="inclusive")[18]


Found = Mapping[str, Mapping[int, Times]]


def main() -> None:
    """Make, ask and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures.options_of(parser)
    parser.add_argument("--sizes", type=int, nargs="+", help="analyses, the smallest first")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="only pages with this in their names")
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    sizes = options.sizes or (QUICK if options.quick else SIZES)
    prepare()
    from benchmarks import made_rows, pages  # noqa: PLC0415  Django has to be set up first

    hospital, copies = made_rows.open_hospital(), Copies()
    made = list(_grown(sizes, copies, partial(made_rows.grow, hospital), a_case=made_rows.IMAGES_A_CASE))
    counting = _counting(copies, sizes)
    asks = {}
    for size in sizes:
        with copies.asked(str(size)):
            cache.clear()
            asks[size] = {name: ask for name, ask in pages.pages(hospital).items() if options.only in name}
    found = _asked(copies, asks, 2 if options.quick else options.rounds)
    figures.publish([*_told(found), *made, counting], options)
    if options.explain:
        _explain(copies, found, asks)


def _grown(sizes: Sequence[int], copies: Copies, grow: Callable[..., None], *, a_case: int) -> Iterator[Figure]:
    """Grow to each size and keep a copy; the last needs none. How long it took."""
    before = 0
    for size in sizes:
        started = time.perf_counter()
        grow(since=before // a_case, cases=size // a_case)
        before = size
        (copies.keep_itself if size == sizes[-1] else copies.keep)(str(size))
        seconds = time.perf_counter() - started
        print(f"grown to {size:,} analyses in {seconds:.0f} s", flush=True)
        yield Figure(measure=f"making the rows up to {size:,} analyses", unit="s", runs=[seconds])


def _counting(copies: Copies, sizes: Sequence[int]) -> Figure:
    """What the scheduler does for the page of agreement; nobody waits for it."""
    from diagnosis.services.agreement import count_all  # noqa: PLC0415  Django has to be set up first

    taken = {}
    for size in sizes:
        with copies.asked(str(size)):
            started = time.perf_counter()
            count_all()
            taken[size] = time.perf_counter() - started
    note = "; ".join(f"{size:,} analyses: {seconds:.2f} s" for size, seconds in taken.items())
    return Figure(measure="counting all agreement, by the scheduler", unit="s", runs=[taken[sizes[-1]]], note=note)


def _asked(copies: Copies, asks: Mapping[int, Mapping[str, Callable[[], object]]], rounds: int) -> Found:
    """Every page at every size in turns. The first time of each warms up and counts the queries."""
    found: dict[str, dict[int, Times]] = defaultdict(lambda: defaultdict(Times))
    for name in asks[min(asks)]:
        for turn in range(rounds + 1):
            for size, pages in asks.items():
                with copies.asked(str(size)):
                    _ask(found[name][size], pages[name], counts=turn == 0)
        print(f"{name:50} {'  '.join(f'{one.median:6.1f} ms' for one in found[name].values())}", flush=True)
    return found


def _ask(times: Times, ask: Callable[[], object], *, counts: bool) -> None:
    if counts:
        ask()  # what is kept in this process, or in the database's cache, is there from now on
        with CaptureQueriesContext(connection) as captured:
            answer = ask()
        times.queries = len(captured)
        assert getattr(answer, "status_code", 0) == 200, answer
        return
    started = time.perf_counter()
    ask()
    times.milliseconds.append(1000 * (time.perf_counter() - started))


def _told(found: Found) -> Iterator[Figure]:
    for name, by_size in found.items():
        yield _longest(name, by_size)
    slowest, times = max(((name, one[max(one)]) for name, one in found.items()), key=lambda each: each[1].p95)
    yield Figure(
        measure="the slowest page's 95th percentile",
        unit="ms",
        runs=[times.p95],
        goal={"at_most": SLOWEST},
        note=slowest,
    )
    growing = [name for name, one in found.items() if len({times.queries for times in one.values()}) > 1]
    yield Figure(
        measure="pages whose number of queries differs by size", unit="pages", runs=[len(growing)],
        goal={"at_most": 0}, note="; ".join(growing),
    )  # fmt: skip


def _longest(name: str, by_size: Mapping[int, Times]) -> Figure:
    """The size that took longest, of those that are compared with the smallest."""
    smallest, *others = sorted(by_size)
    size = max(others, key=lambda one: by_size[one].median)
    note = ", ".join(f"{one:,}: {by_size[one].median:.0f} ms" for one in (smallest, *others))
    return Figure(
        measure=f"{name}, {size:,} analyses",
        unit="ms",
        runs=by_size[size].milliseconds,
        against=f"at {smallest:,}",
        against_runs=by_size[smallest].milliseconds,
        goal={"at_most": LONGER},
        note=f"{note}; p95 {by_size[size].p95:.0f} ms; {by_size[size].queries} queries",
    )


def _explain(copies: Copies, found: Found, asks: Mapping[int, Mapping[str, Callable[[], object]]]) -> None:
    """How the slowest query of each page that missed its goal is done at the largest size."""
    largest = max(asks)
    for name, by_size in found.items():
        if _longest(name, by_size).reached and by_size[largest].p95 <= SLOWEST:
            continue
        with copies.asked(str(largest)), CaptureQueriesContext(connection) as captured:
            asks[largest][name]()
        slowest = max(captured.captured_queries, key=lambda query: float(query["time"]))
        print(f"\n{name}: {1000 * float(slowest['time']):.0f} ms of {len(captured)} queries\n{slowest['sql']}")
        with copies.asked(str(largest)), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {slowest['sql']}")
            print("\n".join(line for (line,) in cursor.fetchall()), flush=True)


if __name__ == "__main__":
    main()
