"""What the model says of stored images, asked in processes of their own that know nothing of the site."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

from mlcore.images import decode
from mlcore.predictor import Predictor

Result = dict[str, float]


def results(bundle: Path, cache_folder: Path, images: Sequence[Path]) -> Iterator[Result]:
    """The probabilities of each image alone, in the same order."""
    apart = multiprocessing.get_context("spawn")  # the engine does not live through a fork
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=apart) as pool:
        yield from pool.map(partial(_result, bundle, cache_folder), images, chunksize=50)


def _result(bundle: Path, cache_folder: Path, image: Path) -> Result:
    (outcome,) = _predictor(bundle, cache_folder).predict([decode(image.read_bytes())])
    return dict(outcome.probabilities)


@cache
def _predictor(bundle: Path, cache_folder: Path) -> Predictor:
    return Predictor.load(bundle, cache=cache_folder, threads=1)
