"""How much more a worker on a second host does, over TCP to the servers and with files in an object store.

    python -m benchmarks.hosts --figures FILE

As benchmarks/scaling.py, with one worker process beside the servers, one on a second host (benchmarks/second_host.py),
and both, in turns. Both hosts share the cores of this machine, with the object store.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from benchmarks import figures, second_host
from benchmarks.figures import Figure
from benchmarks.own_site import client_of
from benchmarks.pictures import pictures
from benchmarks.scaling import CORES, costs_of, efficiency, emptied
from benchmarks.throughput import ASSAY, through_site
from tests.faults.site import Site

HERE = "one worker process beside the servers, files in S3"
THERE = "one worker process on a second host, over TCP and S3"
BOTH = "one worker process on each of two hosts"
PLACES = {HERE: (True, False), THERE: (False, True), BOTH: (True, True)}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=120, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.images, options.rounds = 16, 1
    if why := second_host.why_not():
        figures.publish([Figure(measure="second host: left out", unit="runs", runs=[0], note=why)], options)
        return
    figures.publish(list(hosts(images=options.images, rounds=options.rounds)), options)


def hosts(*, images: int, rounds: int) -> Iterator[Figure]:
    """One worker process here, one on the second host, and both."""
    speeds, costs = defaultdict(list), defaultdict(list)
    some = pictures(ASSAY)
    with second_host.site_with_two_hosts() as site:
        client = client_of(site)
        for _ in range(rounds):
            for name, (here, there) in PLACES.items():
                with working(site, here=here, there=there):
                    through_site(client, list(islice(some, 16)))
                    speed, cost = emptied(site, client, list(islice(some, images)))
                speeds[name].append(speed)
                costs[name].append(cost)
    yield efficiency(BOTH, speeds[BOTH], speeds[HERE], of=min(2, CORES))
    yield Figure(measure=THERE, unit="images/s", runs=speeds[THERE], against=HERE, against_runs=speeds[HERE])
    for name, found in costs.items():
        yield from costs_of(name, found)


@contextmanager
def working(site: Site, *, here: bool, there: bool) -> Iterator[None]:
    """Workers of one process each where they are wanted, and no others."""
    one = {"WORKER_CONCURRENCY": "1"}
    if "worker" in site.programs:
        site.programs.pop("worker").stop()
    workers = [site.start("worker", **one)] if here else []
    workers += [second_host.start_over_there(site, **one)] if there else []
    yield
    for worker in workers:
        site.programs.pop(worker.name).stop()


if __name__ == "__main__":
    main()
