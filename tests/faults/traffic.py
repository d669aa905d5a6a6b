"""Doctors' programs that send images and send again what was not acknowledged, while another doctor looks on."""

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from uuid import UUID

import requests

from mlcore.assays import get_assay
from mlcore.overlays import encode_png
from mlcore.synthetic import draw

AT_ONCE = 4  # programs that send
PAUSE = 0.2  # seconds before what was not acknowledged is sent again
CLASSES = get_assay("leukemia").classes
_seeds = itertools.count(1)


def drawn() -> bytes:
    """A drawn smear that no other image of this run is equal to, as PNG."""
    seed = next(_seeds)
    return encode_png(draw("leukemia", CLASSES[seed % len(CLASSES)], seed))


@dataclass(frozen=True)
class Acknowledged:
    """An image that the site said it has: its digest, what it is called, and by which ids."""

    sha256: str
    case: UUID
    image: UUID
    analysis: UUID


@dataclass
class Traffic:
    """What is sent, what came back, and for how long nobody could read."""

    address: str
    token: str
    cases: list[UUID]
    acknowledged: list[Acknowledged] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    expected: dict[str, dict[str, float]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    longest_gap: float = 0.0
    set_aside: int = 0
    _lock: Lock = field(default_factory=Lock)

    def send(self, images: int | list[bytes]) -> "Sending":
        """Begin to send images from several programs at once."""
        contents = [drawn() for _ in range(images)] if isinstance(images, int) else images
        return Sending(self, contents)

    def send_until_acknowledged(self, content: bytes, case: UUID, stopped: Event) -> None:
        """Send one image again and again until it is acknowledged: nothing else counts."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            self.content[sha256] = content
        while not stopped.is_set():
            try:
                answer = self._post(content, case)
            except requests.RequestException as error:
                self.refusals[type(error).__name__] += 1
                time.sleep(PAUSE)
                continue
            if answer.status_code == 202:
                (file,) = answer.json()["files"]
                with self._lock:
                    self.acknowledged.append(Acknowledged(sha256, case, UUID(file["image"]), UUID(file["analysis"])))
                return
            self.refusals[str(answer.status_code)] += 1
            time.sleep(PAUSE)

    def look_on(self, ended: Event) -> None:
        """Read a list again and again, and remember for how long that was not possible."""
        well = time.monotonic()
        while not ended.wait(PAUSE):
            try:
                answer = requests.get(f"{self.address}/api/v1/cases/", headers=self.headers, timeout=30)
                reads = answer.status_code == 200
            except requests.RequestException:
                reads = False
            now = time.monotonic()
            if reads:
                self.longest_gap = max(self.longest_gap, now - well - PAUSE)
                well = now
        self.longest_gap = max(self.longest_gap, time.monotonic() - well - PAUSE)

    def _post(self, content: bytes, case: UUID) -> requests.Response:
        files = [("files", ("smear.png", content, "image/png"))]
        where = f"{self.address}/api/v1/cases/{case}/images/"
        return requests.post(where, headers=self.headers, files=files, timeout=60)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the program has with it."""
        return {"Authorization": f"Token {self.token}"}


class Sending:
    """Images on their way."""

    def __init__(self, traffic: Traffic, contents: list[bytes]) -> None:
        self._traffic = traffic
        self._stopped, self._ended = Event(), Event()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        cases: Iterator[UUID] = itertools.cycle(traffic.cases)
        self._all: list[Future[None]] = [
            self._pool.submit(traffic.send_until_acknowledged, content, next(cases), self._stopped)
            for content in contents
        ]
        self._looking = Thread(target=traffic.look_on, args=[self._ended])
        self._looking.start()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._all)

    @property
    def done(self) -> int:
        """How many are acknowledged."""
        return sum(one.done() for one in self._all)

    def send_again(self, sha256: str, case: UUID) -> None:
        """Send the very same bytes once more."""
        self._traffic.send_until_acknowledged(self._traffic.content[sha256], case, self._stopped)

    def wait(self) -> None:
        """Until every image is acknowledged."""
        for one in self._all:
            one.result()

    def end(self) -> None:
        """Send no more, look on no more."""
        self._stopped.set()
        self._pool.shutdown()
        self._ended.set()
        self._looking.join()
