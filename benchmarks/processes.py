"""Memory of a web and a worker process after 200 images, and how long they take to start.

    python -m benchmarks.processes --figures FILE

Memory is compared with the prototype service, which imports TensorFlow and has answered once (what importing alone
takes is in the note). It is the proportional set size: what a process has for itself, and its part of what it shares.
A worker is ready when its first claim is possible: an image waits already, and it counts when it is taken.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figure, number
from benchmarks.own_site import client_of, own_site
from benchmarks.pictures import pictures
from benchmarks.throughput import ASSAY, alone, prototype, seconds_of, through_site
from embedded.place import CHECKOUT
from tests.faults.site import Site

IMPORTING = "import sys, tensorflow; print(flush=True); sys.stdin.read()"
SHARED, WHOLE = "Pss", "Rss"


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--starts", type=int, default=5)
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.images, options.starts = 20, 2
    with own_site() as site:
        found = [*memory(site, options.images), *starts(site, options.starts)]
    figures.publish(found, options)


def memory(site: Site, images: int) -> Iterator[Figure]:
    """Of the largest process of each kind, while the prototype is there too."""
    client, some = client_of(site), list(islice(pictures(ASSAY), images + 1))
    through_site(client, some[:images])
    with prototype(str(CHECKOUT / "bundles" / f"{ASSAY}.bundle")) as slow:
        slow.one(some[-1])
        against = [megabytes(slow.process, SHARED)]
        note = f"the prototype with {number(megabytes(slow.process, WHOLE))} MB resident"
    note += f"; importing TensorFlow alone takes {number(importing())} MB"
    for name, most in (("web", 0.15), ("worker", 0.5)):
        processes = site.programs[name].children()
        largest = max(processes, key=lambda one: megabytes(one, SHARED))
        everything = sum(megabytes(one, SHARED) for one in (*processes, site.programs[name].process.pid))
        own = f"{number(megabytes(largest, WHOLE))} MB resident; with its parent and all others {number(everything)} MB"
        yield Figure(
            measure=f"memory of a {name} process after {images} images",
            unit="MB",
            runs=[megabytes(largest, SHARED)],
            against="the prototype's, which imports TensorFlow",
            against_runs=against,
            goal={"at_most": most},
            note=f"{own}; {note}",
        )


def megabytes(process: int, what: str) -> float:
    """What the kernel says of a process's memory."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(what)


def importing() -> float:
    """Resident megabytes of a process that does no more than import TensorFlow."""
    command = [sys.executable, "-c", IMPORTING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = megabytes(process.pid, WHOLE)
        process.kill()
    return found


def starts(site: Site, times: int) -> Iterator[Figure]:
    """How long web and worker take, again and again."""
    web = [restarted(site) for _ in range(times)]
    yield Figure(measure="web start, until it answers", unit="s", runs=web, goal={"at_most": 3.0})
    client, images = client_of(site), pictures(ASSAY)
    case = client.new_case(ASSAY)
    alone(client, case, next(images))
    site.programs["worker"].stop()
    ready = [until_claimed(site, client.upload(case, [next(images)])) for _ in range(times)]
    yield Figure(measure="worker start, until its first claim", unit="s", runs=ready, goal={"at_most": 5.0})


def restarted(site: Site) -> float:
    """Seconds until the web server, stopped before, answers."""
    site.programs["web"].stop()
    return seconds_of(lambda: site.start("web"))


def until_claimed(site: Site, addresses: list[str]) -> float:
    """Seconds from starting a worker until it has taken the image that waits; then it is stopped again."""
    from diagnosis.models import Analysis, AnalysisState  # noqa: PLC0415  Django is set up by now

    waiting = Analysis.objects.filter(pk=addresses[0].rstrip("/").rpartition("/")[2])
    started = time.perf_counter()
    worker = site.start("worker")
    while waiting.filter(state=AnalysisState.QUEUED).exists():
        time.sleep(0.01)
    found = time.perf_counter() - started
    while waiting.pending().exists():
        time.sleep(0.05)
    worker.stop()
    return found


if __name__ == "__main__":
    main()
