"""Several networks that answer together: the mean of what each says of the image turned its way."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.architectures import build
from mlcore.catalogue import COMMITTEES, Shape, weight_shapes
from mlcore.committee import half_precision, join_gates, join_weights
from mlcore.explain import class_activation_map
from mlcore.scope import distances, fit_part

Weights = Mapping[str, NDArray[np.float32]]

ONE, THREE = Shape(64, 2), Shape(64, 2, members=3)


def random_weights(name: str, seed: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    sizes = weight_shapes(name, ONE)
    return half_precision(
        {
            name: rng.uniform(0.5, 1.5, size).astype(np.float32)
            if name.endswith(("variance", "gamma"))
            else rng.normal(0, 0.2, size).astype(np.float32)
            for name, size in sizes.items()
        }
    )


def run(
    name: str, shape: Shape, weights: Weights, pixels: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    network = build(name, shape)
    for variable in network.weights:
        variable.assign(weights[variable.path])
    logits, features = network.predict_on_batch(pixels[None])
    return np.asarray(logits)[0], np.asarray(features)[0]


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.float32]:
    return np.random.default_rng(9).uniform(0, 1, (64, 64, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=sorted(COMMITTEES))
def name(request: pytest.FixtureRequest) -> str:
    """Each network that may have several members."""
    return str(request.param)


@pytest.fixture(scope="module")
def members(name: str) -> list[dict[str, NDArray[np.float32]]]:
    return [random_weights(name, seed) for seed in range(3)]


def test_its_logits_are_the_mean_of_its_members_each_seeing_the_image_turned_further(
    name: str, members: list[Weights], pixels: NDArray[np.float32]
) -> None:
    together, _ = run(name, THREE, join_weights(members), pixels)

    alone = [run(name, ONE, weights, np.rot90(pixels, turn))[0] for turn, weights in enumerate(members)]
    assert together == pytest.approx(np.mean(alone, axis=0), rel=1e-2, abs=1e-3)


def test_its_activation_map_lies_on_the_image_as_it_was_sent(
    name: str, members: list[Weights], pixels: NDArray[np.float32]
) -> None:
    weights = join_weights(members)
    _, features = run(name, THREE, weights, pixels)

    turned = [np.rot90(run(name, ONE, one, np.rot90(pixels, turn))[1], -turn) for turn, one in enumerate(members)]
    expected = np.concatenate(turned, axis=-1)
    assert features == pytest.approx(expected, rel=1e-2, abs=1e-2 * float(np.abs(expected).max()))
    assert class_activation_map(features, weights["logits/kernel"], 1, (64, 64)).max() == 1


def test_it_has_the_weights_the_catalogue_asks_for(name: str, members: list[Weights]) -> None:
    joined = join_weights(members)

    assert {name: value.shape for name, value in joined.items()} == weight_shapes(name, THREE)
    assert join_weights(members[:1]) == members[0]


def test_rounding_kernels_keeps_what_is_one_number_a_channel() -> None:
    rounded = half_precision({"kernel": np.full((2, 2), 0.1, np.float32), "variance": np.full(2, 1e-9, np.float32)})

    assert rounded["kernel"][0, 0] == np.float32(np.float16(0.1))
    assert rounded["variance"][0] == np.float32(1e-9)


def test_its_gate_is_as_far_as_its_members_gates_are_on_average() -> None:
    rng = np.random.default_rng(3)
    labels = np.zeros(200, np.int64)
    parts = [rng.normal(size, size, (200, 5)) for size in (1, 2, 3)]
    looks = fit_part("look", rng.normal(0, 1, (200, 4)), labels)
    gates = [fit_part("deep", values, labels) | looks for values in parts]
    image = rng.normal(0, 5, (3, 5)).astype(np.float32)

    alone = [distances(gate, row, np.zeros(4)).deep for gate, row in zip(gates, image, strict=True)]

    together = distances(join_gates(gates) | looks, image.reshape(-1), np.zeros(4)).deep
    assert together == pytest.approx(np.mean(alone), rel=1e-4)
