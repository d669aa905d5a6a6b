"""The most that a machine can do with a model: decode, segment and infer in a loop, without server or database."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from mlcore.images import decode
from mlcore.predictor import Predictor

BATCH = 16

_loaded: list[Predictor] = []  # this process' model


@dataclass(frozen=True)
class BareEngine:
    """Processes with a model each, as many as a site has workers."""

    pool: ProcessPoolExecutor

    def run(self, images: Sequence[bytes]) -> None:
        """Read all images, as batches that go to whichever process is free."""
        assert sum(self.pool.map(_read, batches(images))) == len(images)


def batches(images: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The images in batches."""
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]


@contextmanager
def bare_engine(model: Path, *, cache: Path, processes: int) -> Iterator[BareEngine]:
    """The processes, ready; each calculates with one thread, as workers do."""
    fresh = multiprocessing.get_context("spawn")  # a fork would share what the calling process has open
    with ProcessPoolExecutor(processes, fresh, _load, (model, cache)) as pool:
        engine = BareEngine(pool)
        list(pool.map(_read, [[]] * 4 * processes))
        yield engine


def _load(model: Path, cache: Path) -> None:
    cv2.setNumThreads(1)
    _loaded.append(Predictor.load(model, cache=cache, threads=1))


def _read(images: Sequence[bytes]) -> int:
    (predictor,) = _loaded
    return len(predictor.predict([decode(image) for image in images]))
