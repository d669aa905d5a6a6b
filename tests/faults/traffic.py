"""Doctors' programs that send images and send again what was not acknowledged, while another doctor looks on."""

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from threading import Event, Lock, Thread
from uuid import UUID

import numpy as np
import requests
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.overlays import encode_png
from mlcore.synthetic import draw

AT_ONCE = 4  # programs that send
PAUSE = 0.2  # seconds before what was not acknowledged is sent again
CLASSES = get_assay("leukemia").classes
BASES = 16  # smears that are drawn; all others are shades of them, which is ten times as quick
SHADE = 0.05  # by how much a channel is brighter or darker than in its base
_seeds = itertools.count(1)

Making = Callable[[], bytes]


def drawn() -> bytes:
    """A smear that no other image of this run is equal to, as PNG. The model says something else of each."""
    seed = next(_seeds)
    shades = np.random.default_rng(seed).uniform(1 - SHADE, 1 + SHADE, 3).astype(np.float32)
    return encode_png(np.clip(_base(seed % BASES) * shades, 0, 255).astype(np.uint8))


@cache
def _base(number: int) -> NDArray[np.float32]:
    return draw("leukemia", CLASSES[number % len(CLASSES)], number).astype(np.float32)


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
    longest_upload: float = 0.0
    set_aside: int = 0
    keeps_content: bool = True  # ten thousand images are a gigabyte; the file store has them, by their digests
    _lock: Lock = field(default_factory=Lock)

    def forget_times(self) -> None:
        """Begin to measure anew."""
        self.refusals.clear()
        self.longest_gap = self.longest_upload = 0.0

    def send(self, images: Sequence[Making], *, over: float = 0.0) -> "Sending":
        """Begin to send images from several programs at once, or evenly over so many seconds."""
        return Sending(self, images, over=over)

    def send_until_acknowledged(self, content: bytes, case: UUID, stopped: Event) -> None:
        """Send one image again and again until it is acknowledged: nothing else counts."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            self.content[sha256] = content
        while not stopped.is_set():
            began = time.monotonic()
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
                    self.longest_upload = max(self.longest_upload, time.monotonic() - began)
                    if not self.keeps_content:
                        self.content[sha256] = b""
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

    def __init__(self, traffic: Traffic, images: Sequence[Making], *, over: float = 0.0) -> None:
        self._traffic = traffic
        self._may_go_on = Event()
        self._may_go_on.set()
        self._began, self._apart = time.monotonic(), over / max(1, len(images))
        self._stopped, self._ended = Event(), Event()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        cases: Iterator[UUID] = itertools.cycle(traffic.cases)
        self._all: list[Future[None]] = [
            self._pool.submit(self._send, number, make, next(cases)) for number, make in enumerate(images)
        ]
        self._looking = Thread(target=traffic.look_on, args=[self._ended])
        self._looking.start()

    def _send(self, number: int, make: Making, case: UUID) -> None:
        self._stopped.wait(self._began + number * self._apart - time.monotonic())
        self._may_go_on.wait()
        self._traffic.send_until_acknowledged(make(), case, self._stopped)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the programs has with it."""
        return self._traffic.headers

    @property
    def refused(self) -> int:
        """How often the site did not take an image."""
        return self._traffic.refusals.total()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._all)

    @property
    def done(self) -> int:
        """How many are acknowledged."""
        return sum(one.done() for one in self._all)

    def hold(self, *, wanted: bool) -> None:
        """Send nothing more for now, or go on."""
        if wanted:
            self._may_go_on.clear()
        else:
            self._may_go_on.set()

    def send_again(self, content: bytes, case: UUID) -> None:
        """Send the very same bytes once more."""
        self._traffic.send_until_acknowledged(content, case, self._stopped)

    def wait(self) -> None:
        """Until every image is acknowledged."""
        for one in self._all:
            one.result()

    def end(self) -> None:
        """Send no more, look on no more."""
        self._stopped.set()
        self._may_go_on.set()
        self._pool.shutdown()
        self._ended.set()
        self._looking.join()
