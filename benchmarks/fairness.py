"""How long a doctor's single image takes while two thousand of another doctor wait, against the idle site.

    python -m benchmarks.fairness --figures FILE
    python -m benchmarks.fairness --sizes 16 8 4 2      # the same for several sizes of a worker's batch, in turns

It starts a site of its own (`make run` as shipped, two worker processes). Single images are sent over the API, one
after another, a few while nothing else waits and a few beside the others, in turns, so that whatever else the machine
does falls on both alike. A result counts once it is stored. Images are drawn, or those of SECOND_READ_DATA.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.client import Client
from benchmarks.figures import Figure
from benchmarks.own_site import client_of, own_site, processor_seconds
from benchmarks.pictures import pictures
from tests.faults.site import Site
from tests.waiting import wait_until

if TYPE_CHECKING:  # it needs Django, which is set up with the site
    from benchmarks.backlog import Backlog

ASSAY = "leukemia"
LOOK = 0.004  # seconds between two looks at a row
UNDER_WAY = 1.0  # seconds that the workers are at the others before a single image is sent
GOAL = 2.0


@dataclass
class Found:
    """Seconds of single images, a list a round; images a second, and processor seconds an image, of the others."""

    idle: list[list[float]] = field(default_factory=list)
    beside: list[list[float]] = field(default_factory=list)
    pace: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--singles", type=int, default=8, help="a round, idle and beside the others each")
    parser.add_argument("--waiting", type=int, default=2_000, help="images of the other doctor")
    parser.add_argument("--sizes", type=int, nargs="*", default=[0], help="of a worker's batch; 0 as the site has it")
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.singles, options.waiting = 1, 2, 200
    with own_site() as site:
        found = measure(site, options)
    figures.publish([one for size, of_size in found.items() for one in told(of_size, size, options)], options)


def measure(site: Site, options: argparse.Namespace) -> dict[int, Found]:
    """Round after round, each size in turn."""
    from benchmarks.backlog import Backlog  # noqa: PLC0415  Django is set up by now

    found: dict[int, Found] = defaultdict(Found)
    single, others = Single(client_of(site)), Backlog.of(ASSAY)
    for _ in range(options.rounds):
        for size in options.sizes:
            if size:
                site.programs["worker"].stop()
                site.start("worker", ANALYSIS_BATCH_SIZE=str(size))
            single.seconds(2)  # the workers are up, their models loaded
            found[size].idle.append(single.seconds(options.singles))
            beside(site, single, others, options, found[size])
            idle, busy = medians(found[size].idle)[-1], medians(found[size].beside)[-1]
            print(f"batches of {size or 'the usual size'}: idle {idle:.0f} ms, beside {busy:.0f} ms", flush=True)
    return found


def beside(site: Site, single: "Single", others: "Backlog", options: argparse.Namespace, found: Found) -> None:
    """Single images while the others are worked on; then these are out of the way again."""
    others.put_back(options.waiting)
    time.sleep(UNDER_WAY)
    before, started, spent = others.done(), time.perf_counter(), sum(processor_seconds(site).values())
    found.beside.append(single.seconds(options.singles))
    done = others.done() - before
    found.pace.append(done / (time.perf_counter() - started))
    found.processor.append((sum(processor_seconds(site).values()) - spent) / max(1, done + options.singles))
    others.put_aside()
    wait_until(lambda: not others.in_hand(), what="the workers to be done with the others")


class Single:
    """A doctor who sends one image after another, each once the one before has its result."""

    def __init__(self, client: Client) -> None:
        self._client, self._case, self._images = client, client.new_case(ASSAY), pictures(ASSAY)

    def seconds(self, count: int) -> list[float]:
        """Of each of so many images, from before it is sent until its result is stored."""
        return [self._one(next(self._images)) for _ in range(count)]

    def _one(self, content: bytes) -> float:
        from diagnosis.models import Analysis, AnalysisState  # noqa: PLC0415  Django is set up by now

        started = time.perf_counter()
        (address,) = self._client.upload(self._case, [content])
        analysis = Analysis.objects.filter(pk=address.rstrip("/").rpartition("/")[2])
        while (state := analysis.values_list("state", flat=True).get()) in {"queued", "running"}:
            time.sleep(LOOK)
        assert state == AnalysisState.SUCCEEDED, state
        return time.perf_counter() - started


def told(found: Found, size: int, options: argparse.Namespace) -> Iterator[Figure]:
    """What came of it."""
    by = f" (batches of {size})" if size else ""
    note = f"{options.singles} images a round; a round's figure is its median"
    yield Figure(
        measure=f"one doctor's single image while {options.waiting:,} of another wait, p50{by}",
        unit="ms",
        runs=medians(found.beside),
        against="the idle site",
        against_runs=medians(found.idle),
        goal={"at_most": GOAL},
        note=note,
    )
    yield Figure(
        measure=f"the same, p95{by}",
        unit="ms",
        runs=[p95(found.beside)],
        against="the idle site",
        against_runs=[p95(found.idle)],
        note="of all rounds together",
    )
    yield Figure(measure=f"the idle site, p50{by}", unit="ms", runs=medians(found.idle), note=note)
    yield Figure(measure=f"the others meanwhile{by}", unit="images/s", runs=found.pace)
    spent = [1000 * one for one in found.processor]
    yield Figure(measure=f"processor time of the whole site meanwhile{by}", unit="ms an image", runs=spent)


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    """Each round's, in milliseconds."""
    return [1000 * statistics.median(one) for one in rounds]


def p95(rounds: Sequence[Sequence[float]]) -> float:
    """What one image in twenty exceeds, in milliseconds."""
    return 1000 * statistics.quantiles([one for each in rounds for one in each], n=20, method="inclusive")[18]


if __name__ == "__main__":
    main()
