"""Is memory flat in the number of images? One epoch of the prototype network on 1, 4 and 16 times as many.

    python -m benchmarks.training_memory --images 192

Each line is a fresh process: our own training, which reads images when it needs them, beside what the prototypes did,
the whole folder in an array and `fit` on that. Images are drawn, and copied to make more of them.
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
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mlcore.assays import get_assay
from mlcore.datasets import Sample, load_dataset, read_pixels
from mlcore.overlays import encode_png
from mlcore.plans import PLANS, TrainingPlan
from mlcore.preprocessing import resize
from mlcore.synthetic import draw

ASSAY = get_assay("leukemia")
NETWORK = "prototype-leukemia"
DRAWN = 8  # images a class; the others are copies of these
TIMES = (1, 4, 16)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=192, help="the smallest number (default: %(default)s)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        way, folder = options.measure
        print(json.dumps(WAYS[way](list(load_dataset(Path(folder), ASSAY).samples))))
        return
    table = Table("training", "images", "peak memory", "more than before", "images/s")
    with tempfile.TemporaryDirectory() as root:
        folders = [make_folder(Path(root) / str(times), times * options.images) for times in TIMES]
        for way in WAYS:
            before = None
            for folder, times in zip(folders, TIMES, strict=True):
                found = in_own_process(way, folder)
                more = "" if before is None else f"{found['memory'] - before:+.0f} MB"
                row = (f"{found['memory']:.0f} MB", more, f"{found['speed']:.1f}")
                table.add_row(way, str(times * options.images), *row)
                before = found["memory"]
    Console(width=100).print(table)


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


def in_own_process(way: str, folder: Path) -> dict[str, float]:
    """Peak memory (MB) and images a second of one epoch."""
    command = [sys.executable, __file__, "--measure", way, str(folder)]
    quiet = {"PYTHONPATH": str(Path(__file__).parent.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def streamed(samples: list[Sample]) -> dict[str, float]:
    """Our training: batches are read while it runs."""
    import keras  # noqa: PLC0415  not in the process that prints

    from mlcore import architectures, training  # noqa: PLC0415
    from mlcore.catalogue import Shape  # noqa: PLC0415

    plan = PLANS[ASSAY.slug]
    network = architectures.build(NETWORK, Shape(plan.recipe.input_size, len(ASSAY.classes)), any_size=False)
    learner = keras.Model(network.inputs, network.outputs[0])
    learner.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    batches = training.Batches(samples, _uncropped(plan), classes=len(ASSAY.classes), seed=1, epoch=0)
    start = time.perf_counter()
    learner.fit(batches, epochs=1, verbose=0, shuffle=False)
    return _found(len(samples), start)


def in_memory(samples: list[Sample]) -> dict[str, float]:
    """What the prototypes did: everything in one array first."""
    import keras  # noqa: PLC0415

    from mlcore import architectures  # noqa: PLC0415
    from mlcore.catalogue import Shape  # noqa: PLC0415

    plan = PLANS[ASSAY.slug]
    network = architectures.build(NETWORK, Shape(plan.recipe.input_size, len(ASSAY.classes)))
    learner = keras.Model(network.inputs, network.outputs[0])
    learner.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    start = time.perf_counter()
    pixels = np.array([resize(read_pixels(sample), plan.recipe.input_size) for sample in samples]) / 255.0
    labels = np.array([sample.label for sample in samples])
    learner.fit(pixels, labels, epochs=1, batch_size=plan.batch, verbose=0)
    return _found(len(samples), start)


def _uncropped(plan: TrainingPlan) -> TrainingPlan:
    return replace(plan, augmentation=replace(plan.augmentation, crop=plan.recipe.input_size))


def _found(images: int, start: float) -> dict[str, float]:
    seconds = time.perf_counter() - start
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "speed": images / seconds}


WAYS = {"as it is read": streamed, "all in memory": in_memory}

if __name__ == "__main__":
    main()
