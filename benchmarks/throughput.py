"""Images a second from upload to stored result, against a prototype and the bare engine; and how long one takes.

    python -m benchmarks.throughput --figures FILE

It starts a site of its own (`make run` as shipped), a prototype service with the same network, and the bare engine in
as many processes as the site has workers. They take turns, so that whatever else the machine does falls on all alike.
Images are drawn; with SECOND_READ_DATA=FOLDER real ones are taken. An image counts for the site once its prediction
with mask and map is stored, for the prototype once its answer has come, for the engine once it is read. The prototype
is asked by as many clients at once as suit it best.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import requests

from benchmarks import figures
from benchmarks.bare_engine import BareEngine, bare_engine
from benchmarks.client import Client
from benchmarks.figures import Figure
from benchmarks.own_site import MODELS, client_of, own_site, processor_seconds
from benchmarks.pictures import pictures, source
from embedded.place import CHECKOUT
from tests.faults.site import Site
from tests.waiting import free_port, wait_until

ASSAY = "leukemia"
WORKERS = 2  # processes, as the Procfile says
CLIENTS, FILES_A_REQUEST = 4, 10
AT_ONCE = (1, 2, 4, 8)  # how many may ask the prototype
LOOK, ASK = 0.05, 0.005  # seconds between two looks at the rows, and between two questions of a client


@dataclass(frozen=True)
class Prototype:
    """The service that is compared with, how many clients suit it best, and the id of its process."""

    address: str
    at_once: int = 1
    process: int = 0

    def one(self, content: bytes) -> None:
        """One image, one answer."""
        answer = requests.post(f"{self.address}/predict", files={"file": ("image", content)}, timeout=300)
        answer.raise_for_status()
        assert answer.json()["label"]

    def run(self, images: Sequence[bytes]) -> None:
        """All images, several clients at once."""
        with ThreadPoolExecutor(self.at_once) as pool:
            list(pool.map(self.one, images))


@dataclass
class Measured:
    """Images a second and seconds of one image, by who and by round; milliseconds of processor time an image."""

    speed: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    latency: defaultdict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))
    processor: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=240, help="a round; the prototype gets a quarter of them")
    parser.add_argument("--singles", type=int, default=20, help="images that are sent alone, a round")
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.images, options.singles = 2, 32, 4
    model = CHECKOUT / "bundles" / f"{ASSAY}.bundle"
    with (
        own_site(WORKER_CONCURRENCY=str(WORKERS)) as site,
        prototype(str(model)) as slow,
        bare_engine(model, cache=MODELS, processes=WORKERS) as engine,
    ):
        found = measure(site, slow, engine, options)
    figures.publish(told(found, source(ASSAY)), options)


def measure(site: Site, slow: Prototype, engine: BareEngine, options: argparse.Namespace) -> Measured:
    """Round after round, everybody in turn; before them one that does not count."""
    client, images, found = client_of(site), pictures(ASSAY), Measured()
    through_site(client, list(islice(images, 4 * FILES_A_REQUEST)))
    alone(client, client.new_case(ASSAY), next(images))
    slow = at_its_best(slow, list(islice(images, max(16, options.images // 8))))
    for _ in range(options.rounds):
        some = list(islice(images, options.images))
        before = processor_seconds(site)
        found.speed["site"].append(speed(lambda some=some: through_site(client, some), len(some)))  # type: ignore[misc]
        for name, seconds in processor_seconds(site).items():
            found.processor[name].append(1000 * (seconds - before[name]) / len(some))
        few = some[: max(8, len(some) // 4)]
        found.speed["prototype"].append(speed(lambda few=few: slow.run(few), len(few)))  # type: ignore[misc]
        found.speed["engine"].append(speed(lambda some=some: engine.run(some), len(some)))  # type: ignore[misc]
        singles(client, slow, list(islice(images, options.singles)), found)
    return found


def singles(client: Client, slow: Prototype, images: Sequence[bytes], found: Measured) -> None:
    """One image at a time, of the site and of the prototype in turn."""
    case = client.new_case(ASSAY)
    for who, act in {"site": lambda one: alone(client, case, one), "prototype": slow.one}.items():
        found.latency[who].append([])
        for image in images:
            found.latency[who][-1].append(seconds_of(lambda act=act, image=image: act(image)))  # type: ignore[misc]


def through_site(client: Client, images: Sequence[bytes]) -> None:
    """Several clients send images; it is over when the last prediction is stored, with mask and map."""
    from diagnosis.models import Analysis, Prediction  # noqa: PLC0415  Django is set up by now

    cases = [UUID(client.new_case(ASSAY)) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda turn: send(client, cases[turn], images[turn::CLIENTS]), range(CLIENTS)))
    while Analysis.objects.filter(image__case__in=cases).pending().exists():
        time.sleep(LOOK)
    stored = Prediction.objects.filter(analysis__image__case__in=cases).exclude(mask_sha256="").exclude(map_sha256="")
    assert stored.count() == len(images), f"{len(images) - stored.count()} results are missing"


def send(client: Client, case: UUID, images: Sequence[bytes]) -> None:
    """What one of several clients does: a few images a request, into a case of its own."""
    own = Client(client.address, client.token)
    for start in range(0, len(images), FILES_A_REQUEST):
        own.upload(str(case), images[start : start + FILES_A_REQUEST])


def alone(client: Client, case: str, image: bytes) -> None:
    """One image, until a program has its result before it."""
    (analysis,) = client.wait_for(client.upload(case, [image]), pause=ASK)
    assert client.get(analysis["prediction_url"])["verdict"]


def at_its_best(slow: Prototype, images: Sequence[bytes]) -> Prototype:
    """The prototype, asked by as many at once as it answers most to."""
    tried = [Prototype(slow.address, at_once) for at_once in AT_ONCE]
    return max(tried, key=lambda one: speed(lambda: one.run(images), len(images)))


@contextmanager
def prototype(model: str) -> Iterator[Prototype]:
    """The service, ready."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.prototype", "--model", model, "--port", str(port)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or answers(port), what="the prototype")
        assert process.poll() is None, f"the prototype ended with status {process.returncode}"
        yield Prototype(f"http://127.0.0.1:{port}", process=process.pid)
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    """Whether it can be asked by now."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def seconds_of(act: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def speed(act: Callable[[], object], images: int) -> float:
    """Images a second."""
    return images / seconds_of(act)


def told(found: Measured, images: str) -> list[Figure]:
    """The table's rows."""
    shares = ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in found.processor.items())
    note = f"{images}; milliseconds of processor time an image: {shares}"
    name = "upload to stored result with mask and map"
    middle = {who: [statistics.median(times) for times in rounds] for who, rounds in found.latency.items()}
    high = [statistics.quantiles(times, n=20, method="inclusive")[18] for times in found.latency["site"]]
    against = {
        "the prototype": ("prototype", {"at_least": 10.0}, note),
        "the bare engine": ("engine", {"at_least": 0.6}, ""),
    }
    return [
        *(
            Figure(
                measure=name,
                unit="images/s",
                runs=found.speed["site"],
                against=words,
                against_runs=found.speed[who],
                goal=goal,  # type: ignore[arg-type]
                note=said,
            )
            for words, (who, goal, said) in against.items()
        ),
        Figure(
            measure="one image, idle, from upload to visible result: p50",
            unit="s",
            runs=middle["site"],
            against="the prototype's request",
            against_runs=middle["prototype"],
            goal={"at_most": 1.0},
        ),
        Figure(
            measure="one image, idle, from upload to visible result: p95", unit="s", runs=high, goal={"at_most": 1.0}
        ),
    ]


if __name__ == "__main__":
    main()
