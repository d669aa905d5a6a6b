"""What the activation map costs beside the forward pass it comes from, and whether it depends on what was learned.

    python -m benchmarks.activation_map bundles/*.bundle

Aim: at most 15 % more time. The likeness is the mean correlation between maps from the model's own last layer and
maps from a random one, of the same features: 1 would mean that the maps explain nothing. Images are drawn.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.bundle import read_bundle
from mlcore.commands.predict import default_cache
from mlcore.engines import Forward
from mlcore.engines.exported import exported
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.explain import class_activation_map
from mlcore.preprocessing import prepare
from mlcore.synthetic import draw

IMAGES_A_CLASS = 8
LARGE = 2000  # pixels: a photograph from a microscope's camera
RANDOM_LAYERS = 20

Kernel = NDArray[np.float32]


def milliseconds(work: Callable[[], object], images: int, *, rounds: int) -> float:
    """The median time of an image."""
    work()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return 1000 * statistics.median(found) / images


def likeness(answers: Sequence[Forward], kernel: Kernel) -> float:
    """The mean correlation of maps between this last layer and random ones of the same scale."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(RANDOM_LAYERS):
        other = rng.normal(0, kernel.std(), kernel.shape).astype(np.float32)
        for answer in answers:
            label, side = int(answer.logits.argmax()), (56, 56)
            before, after = (
                class_activation_map(answer.features, layer, label, side).ravel() for layer in (kernel, other)
            )
            if before.std() > 0 and after.std() > 0:
                found.append(float(np.corrcoef(before, after)[0, 1]))
    return statistics.mean(found)


def measure(path: Path, cache: Path, rounds: int) -> None:
    """Print one model's figures."""
    bundle = read_bundle(path)
    manifest, kernel = bundle.manifest, bundle.network["logits/kernel"]
    export = exported(path, digest=bundle.digest, cache=cache)
    engine = OpenVinoEngine(export.graph, export.weights, input_size=manifest.recipe.input_size)
    images = [draw(manifest.assay, kind, seed) for kind in manifest.classes for seed in range(IMAGES_A_CLASS)]
    pixels = [prepare(image, manifest.recipe) for image in images]
    answers = engine.run(pixels)

    def explain(height: int, width: int) -> None:
        for answer in answers:
            class_activation_map(answer.features, kernel, int(answer.logits.argmax()), (height, width))

    forward = milliseconds(lambda: engine.run(pixels), len(images), rounds=rounds)
    side = images[0].shape[0]
    for name, size in ((f"{side} x {side}", side), (f"{LARGE} x {LARGE}", LARGE)):
        cost = milliseconds(lambda size=size: explain(size, size), len(images), rounds=rounds)  # type: ignore[misc]
        print(f"{path.stem}, {name}: forward {forward:.2f} ms, map {cost:.3f} ms, {cost / forward:.1%} more")
    print(f"{path.stem}: likeness to maps from a random last layer {likeness(answers, kernel):.2f}")


def main() -> None:
    """Every bundle in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    cv2.setNumThreads(1)  # as in a worker that shares the machine
    for path in args.bundles:
        measure(path, args.cache, args.rounds)


if __name__ == "__main__":
    main()
