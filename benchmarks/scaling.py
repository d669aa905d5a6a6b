"""How much more two and four worker processes do than one, and what an image costs each part of the site.

    python -m benchmarks.scaling --figures FILE

Images are uploaded while the workers are held
still; then they are let go, and it counts how long the rest takes. Numbers of processes take turns. More processes than
the machine has cores cannot do more than the cores: then efficiency is of as many as there are. Processor time an image
says what more machines would need.
"""

import argparse
import os
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from uuid import UUID

from benchmarks import figures
from benchmarks.client import Client
from benchmarks.figures import Figure
from benchmarks.own_site import client_of, own_site, processor_seconds
from benchmarks.pictures import pictures
from benchmarks.throughput import ASSAY, CLIENTS, LOOK, send, through_site
from tests.faults.site import Site
from tests.waiting import wait_until

PROCESSES = (1, 2, 4)
EFFICIENCY = 0.85
CORES = len(os.sched_getaffinity(0))

Costs = Mapping[str, float]  # milliseconds of processor time an image, by part


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=160, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.images, options.rounds = 32, 1
    with own_site() as site:
        found = list(processes(site, images=options.images, rounds=options.rounds))
    figures.publish(found, options)


def processes(site: Site, *, images: int, rounds: int) -> Iterator[Figure]:
    """Every number of processes in turn."""
    client, speeds, costs = client_of(site), defaultdict(list), defaultdict(list)
    some = pictures(ASSAY)
    for _ in range(rounds):
        for count in PROCESSES:
            started(site, client, count, list(islice(some, 8 * count)))
            speed, cost = emptied(site, client, list(islice(some, images)))
            speeds[count].append(speed)
            costs[count].append(cost)
    for count in PROCESSES[1:]:
        yield efficiency(f"{count} worker processes", speeds[count], speeds[1], of=min(count, CORES))
    for count in PROCESSES:
        yield from costs_of(f"{count} worker process{'es' if count > 1 else ''}", costs[count])


def started(site: Site, client: Client, count: int, images: Sequence[bytes]) -> None:
    """A worker with so many processes in place of the one there is, each of which has done something."""
    site.programs["worker"].stop()
    worker = site.start("worker", WORKER_CONCURRENCY=str(count))
    wait_until(lambda: len(worker.children()) >= count, what="the worker's processes")
    through_site(client, images)


def emptied(site: Site, client: Client, images: Sequence[bytes]) -> tuple[float, Costs]:
    """Images a second of the worker, once it is let go, and what an image cost from its upload on."""
    before, held = processor_seconds(site), [one for name, one in site.programs.items() if name.startswith("worker")]
    for worker in held:
        worker.signal_all(signal.SIGSTOP)
    cases = uploaded(client, images)
    for worker in held:
        worker.signal_all(signal.SIGCONT)
    speed = len(images) / seconds_until_done(cases)
    after = processor_seconds(site)
    return speed, {name: 1000 * (after[name] - before[name]) / len(images) for name in after}


def uploaded(client: Client, images: Sequence[bytes]) -> list[UUID]:
    """Send images from several clients at once; the cases that they are in."""
    cases = [UUID(client.new_case(ASSAY)) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda turn: send(client, cases[turn], images[turn::CLIENTS]), range(CLIENTS)))
    return cases


def seconds_until_done(cases: Sequence[UUID]) -> float:
    """From now until nothing waits."""
    from diagnosis.models import Analysis  # noqa: PLC0415  Django is set up by now

    began = time.perf_counter()
    while Analysis.objects.filter(image__case__in=cases).pending().exists():
        time.sleep(LOOK)
    taken = time.perf_counter() - began
    failed = Analysis.objects.filter(image__case__in=cases).exclude(state="succeeded").count()
    assert not failed, f"{failed} analyses did not succeed"
    return taken


def efficiency(name: str, speeds: Sequence[float], of_one: Sequence[float], *, of: int) -> Figure:
    """Against so many times what one does."""
    return Figure(
        measure=f"{name}, against {of} times what one does",
        unit="images/s",
        runs=speeds,
        against=f"{of} times one",
        against_runs=[of * speed for speed in of_one],
        goal={"at_least": EFFICIENCY},
        note=f"{CORES} cores, which also carry the database, the broker and what measures",
    )


def costs_of(name: str, rounds: Sequence[Costs]) -> Iterator[Figure]:
    """What an image costs each part."""
    for part in rounds[0]:
        yield Figure(
            measure=f"processor time an image, {name}: {part}", unit="ms", runs=[one.get(part, 0.0) for one in rounds]
        )
    totals = [sum(one.values()) for one in rounds]
    most = ", ".join(f"{part} {statistics.median(one[part] for one in rounds):.1f}" for part in rounds[0])
    yield Figure(measure=f"processor time an image, {name}: all parts", unit="ms", runs=totals, note=most)


if __name__ == "__main__":
    main()
