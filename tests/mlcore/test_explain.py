"""The activation map shows where the evidence is, and depends on what the network learned."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.bundle import Bundle, read_bundle
from mlcore.engines import Forward
from mlcore.engines.exported import exported
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.explain import class_activation_map, enlarge, has_activation_map
from mlcore.preprocessing import prepare
from mlcore.synthetic import draw
from tests.mlcore.conftest import ROOT

Map = Callable[[Forward, NDArray[np.float32], int], NDArray[np.float32]]


def test_it_points_at_the_evidence() -> None:
    features = np.zeros((7, 7, 4), np.float32)
    features[1, 5, 2] = 3.0
    kernel = np.eye(4, dtype=np.float32)

    shown = class_activation_map(features, kernel, 2, (224, 224))

    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert (int(row) // 32, int(column) // 32) == (1, 5)
    assert shown.max() == 1
    assert shown.min() == 0
    assert shown.dtype == np.float32


def test_it_has_the_images_size_up_to_1024() -> None:
    features, kernel = np.ones((7, 7, 4), np.float32), np.eye(4, dtype=np.float32)

    assert class_activation_map(features, kernel, 0, (50, 60)).shape == (50, 60)
    assert class_activation_map(features, kernel, 0, (3000, 1500)).shape == (1024, 512)


def test_a_large_map_is_as_smooth_as_a_small_one() -> None:
    evidence = np.random.default_rng(0).random((14, 14), dtype=np.float32)
    reference = np.maximum(cv2.resize(evidence, (1000, 600), interpolation=cv2.INTER_CUBIC), 0)

    assert np.abs(enlarge(evidence, (600, 1000)) - reference / reference.max()).max() < 0.02


def test_what_speaks_for_all_classes_alike_is_no_evidence() -> None:
    features = np.ones((7, 7, 4), np.float32)

    assert class_activation_map(features, np.ones((4, 3), np.float32), 1, (50, 50)).max() == 0


def test_a_network_without_average_pooling_has_no_map() -> None:
    features = np.ones((4, 4, 128), np.float32)

    assert not has_activation_map(features, np.ones((256, 2), np.float32))
    assert has_activation_map(features, np.ones((128, 2), np.float32))


# Every network of the catalogue: where the shapes would allow a map, it must add up to the logits, or it is a fake.
_ADDS_UP = """
import numpy as np
from mlcore.architectures import build
from mlcore.catalogue import NAMES, Shape
for name in NAMES:
    network = build(name, Shape(64, 3))
    kernel, bias = network.get_layer("logits").get_weights()
    pixels = np.random.default_rng(0).random((1, 64, 64, 3), dtype=np.float32)
    logits, features = (np.asarray(part)[0] for part in network.predict_on_batch(pixels))
    mapped = features.shape[2] == kernel.shape[0]
    print(name, mapped, not mapped or np.abs(features.mean(axis=(0, 1)) @ kernel + bias - logits).max() < 1e-4)
"""


def test_no_network_has_a_map_that_is_not_its_reason() -> None:
    done = subprocess.run([sys.executable, "-c", _ADDS_UP], capture_output=True, text=True, cwd=ROOT, check=True)

    found = {name: (mapped, adds_up) for name, mapped, adds_up in map(str.split, done.stdout.splitlines())}
    assert all(adds_up == "True" for _, adds_up in found.values()), found
    assert found["prototype-leukemia"][0] == found["prototype-breast"][0] == "False"
    assert "True" in {mapped for mapped, _ in found.values()}


@pytest.fixture(scope="module")
def bundle(bundle_path: Path) -> Bundle:
    return read_bundle(bundle_path)


@pytest.fixture(scope="module")
def answers(bundle: Bundle, bundle_path: Path, cache: Path) -> list[Forward]:
    """What the trained network says about images it was not trained on."""
    export = exported(bundle_path, digest=bundle.digest, cache=cache)
    recipe = bundle.manifest.recipe
    engine = OpenVinoEngine(export.graph, export.weights, input_size=recipe.input_size)
    images = [draw("breast", kind, seed) for kind in bundle.manifest.classes for seed in range(900, 910)]
    return engine.run([prepare(image, recipe) for image in images])


def likeness(answers: list[Forward], kernel: NDArray[np.float32], show: Map) -> float:
    """The mean correlation of maps before and after the last layer's weights are replaced by random ones.

    Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
    """
    rng = np.random.default_rng(0)
    found = []
    for _ in range(20):
        random = rng.normal(0, kernel.std(), kernel.shape).astype(np.float32)
        for answer in answers:
            one, other = (show(answer, layer, int(answer.logits.argmax())).ravel() for layer in (kernel, random))
            if one.std() > 0 and other.std() > 0:
                found.append(float(np.corrcoef(one, other)[0, 1]))
    assert len(found) > 100
    return float(np.mean(found))


def test_a_random_last_layer_destroys_it(answers: list[Forward], bundle: Bundle) -> None:
    def show(answer: Forward, kernel: NDArray[np.float32], label: int) -> NDArray[np.float32]:
        return class_activation_map(answer.features, kernel, label, (50, 50))

    assert likeness(answers, bundle.network["logits/kernel"], show) < 0.5


def test_a_map_of_mere_activity_would_be_found_out(answers: list[Forward], bundle: Bundle) -> None:
    """The check above can fail: strong features alone look convincing and survive any weights."""

    def show(answer: Forward, _kernel: NDArray[np.float32], _label: int) -> NDArray[np.float32]:
        return enlarge(answer.features.mean(axis=2), (50, 50))

    assert likeness(answers, bundle.network["logits/kernel"], show) > 0.99
