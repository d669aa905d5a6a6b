"""Is memory flat in the number of images, and is training quicker than all in memory? On 1, 4 and 16 times as many.

    python -m benchmarks.training_memory --figures FILE

Each measurement is a fresh process: our own training, which reads images when it needs them, in float32 and in mixed
precision, beside what the prototypes did, the whole folder in an array and `fit` on that; the same network, the same
batch, and as many batches whatever the number of images: sixteen times as few are gone through sixteen times. Images
are drawn, and copied to make more of them. Time begins before the first image is read.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.figures import Figure
from benchmarks.machine import CHECKOUT
from mlcore.assays import get_assay
from mlcore.datasets import Sample, load_dataset, read_pixels
from mlcore.overlays import encode_png
from mlcore.plans import TrainingPlan, plan_for
from mlcore.preprocessing import resize
from mlcore.synthetic import draw

ASSAY = get_assay("leukemia")
NETWORK = "prototype-leukemia"
DRAWN = 8  # images a class; the others are copies of these
TIMES = (1, 4, 16)
OURS, MIXED, THEIRS = "as it is read", "as it is read, in mixed precision", "all in memory"

Found = Mapping[tuple[str, int], Mapping[str, list[float]]]


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=96, help="the smallest number (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    figures.options_of(parser)
    options = parser.parse_args()
    if options.measure:
        way, folder = options.measure
        samples = list(load_dataset(Path(folder), ASSAY).samples)
        print(json.dumps(WAYS[way](samples, options.epochs)))
        return
    if options.quick:
        options.images = 16
    figures.publish(list(told(measured(options), options.images)), options)


def measured(options: argparse.Namespace) -> Found:
    """Both ways in turn, at each number of images."""
    found: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as root:
        folders = {times: make_folder(Path(root) / str(times), times * options.images) for times in TIMES}
        for _ in range(options.rounds):
            for times, folder in folders.items():
                for way in WAYS:
                    for what, value in in_own_process(way, folder, options.epochs * TIMES[-1] // times).items():
                        found[way, times][what].append(value)
    return found


def told(found: Found, images: int) -> Iterator[Figure]:
    """Speed at every number of images, and memory at the largest against the smallest."""
    for times in TIMES:
        for way in (OURS, MIXED):
            yield Figure(
                measure=f"training on {times * images:,} images, {way}",
                unit="images/s",
                runs=found[way, times]["speed"],
                against=THEIRS,
                against_runs=found[THEIRS, times]["speed"],
                goal={"at_least": 1.5},
                note="the network's arithmetic takes most of both; ours also reads, checks and changes each image anew",
            )
    for way in WAYS:
        yield Figure(
            measure=f"peak memory of training, {way}, {TIMES[-1]} times the images",
            unit="MB",
            runs=found[way, TIMES[-1]]["memory"],
            against=f"{images:,} images",
            against_runs=found[way, TIMES[0]]["memory"],
            goal={} if way == THEIRS else {"at_most": 1.1},
        )


def make_folder(root: Path, count: int) -> Path:
    """A data folder of so many images."""
    share = count // len(ASSAY.classes)
    for kind in ASSAY.classes:
        (root / kind).mkdir(parents=True)
        for number in range(share):
            target = root / kind / f"{number}.png"
            if number < DRAWN:
                target.write_bytes(encode_png(draw(ASSAY.slug, kind, number)))
            else:
                shutil.copyfile(root / kind / f"{number % DRAWN}.png", target)
    return root


def in_own_process(way: str, folder: Path, epochs: int) -> dict[str, float]:
    """Peak memory (MB) and images a second."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.training_memory",
        "--measure",
        way,
        str(folder),
        "--epochs",
        str(epochs),
    ]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=CHECKOUT, env=quiet, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{folder.name} times the images, {way}: {found}", flush=True)
    return found


def in_mixed_precision(samples: list[Sample], epochs: int) -> dict[str, float]:
    """Our training with `--mixed-precision`."""
    import keras  # noqa: PLC0415  not in the process that tells

    keras.config.set_dtype_policy("mixed_bfloat16")
    return streamed(samples, epochs)


def streamed(samples: list[Sample], epochs: int) -> dict[str, float]:
    """Our training: batches are read while it runs."""
    from mlcore import training  # noqa: PLC0415  not in the process that tells

    plan = _plan()
    learner = _learner(jit_compile=False)
    start = time.perf_counter()
    for epoch in range(epochs):
        batches = training.Batches(samples, plan, classes=len(ASSAY.classes), seed=1, epoch=epoch)
        learner.fit(batches, verbose=0, shuffle=False)
    return _found(epochs * len(samples), start)


def in_memory(samples: list[Sample], epochs: int) -> dict[str, float]:
    """What the prototypes did: everything in one array first."""
    plan = _plan()
    learner = _learner()
    start = time.perf_counter()
    pixels = np.array([resize(read_pixels(sample), plan.recipe.input_size) for sample in samples]) / 255.0
    labels = np.eye(len(ASSAY.classes))[[sample.label for sample in samples]]
    learner.fit(pixels, labels, epochs=epochs, batch_size=plan.batch, verbose=0)
    return _found(epochs * len(samples), start)


def _plan() -> TrainingPlan:
    """As `train --architecture` has it, with the network's own size."""
    plan = plan_for(ASSAY.slug, NETWORK)
    return replace(plan, augmentation=replace(plan.augmentation, crop=plan.recipe.input_size))


def _learner(**options: Any) -> Any:
    import keras  # noqa: PLC0415  not in the process that tells

    from mlcore import architectures  # noqa: PLC0415
    from mlcore.catalogue import Shape  # noqa: PLC0415

    size = _plan().recipe.input_size
    network = architectures.build(NETWORK, Shape(size, len(ASSAY.classes)), any_size=False)
    learner = keras.Model(network.inputs, network.outputs[0])
    learner.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True), **options)
    return learner


def _found(images: int, start: float) -> dict[str, float]:
    seconds = time.perf_counter() - start
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "speed": images / seconds}


WAYS: dict[str, Callable[[list[Sample], int], dict[str, float]]] = {
    OURS: streamed,
    MIXED: in_mixed_precision,
    THEIRS: in_memory,
}

if __name__ == "__main__":
    main()
