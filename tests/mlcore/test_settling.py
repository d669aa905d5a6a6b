"""Batch normalisation's statistics after training are those of images much as they are."""

from pathlib import Path

import keras
import numpy as np
import pytest

from mlcore.architectures import build
from mlcore.assays import get_assay
from mlcore.augmentation import GENTLE, augment_colour
from mlcore.catalogue import Shape
from mlcore.datasets import Dataset, load_dataset, read_pixels
from mlcore.plans import PLANS
from mlcore.preprocessing import prepare
from mlcore.settling import settle

# Keras 3.15 turns TensorFlow's arrays into NumPy's in a way that NumPy 2 is about to leave behind.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RECIPE = PLANS["breast"].recipe


@pytest.fixture
def dataset(drawn: Path) -> Dataset:
    return load_dataset(drawn, get_assay("breast"))


def test_the_first_layer_has_the_mean_and_variance_of_gently_changed_images(dataset: Dataset) -> None:
    samples = (dataset.samples * 2)[:80]  # more than a batch of 64
    network = build("efficientnet-lite", Shape(100, 2))
    stem, norm = network.get_layer("member1_stem"), network.get_layer("member1_stem_norm")

    settle(network, samples, RECIPE, seed=1)

    rng = np.random.default_rng(1)
    order = rng.permutation(len(samples))
    images = [augment_colour(read_pixels(samples[row]), rng, GENTLE) for row in order]
    pixels = np.stack([prepare(image, RECIPE) for image in images])
    maps = np.asarray(keras.Model(network.inputs, stem.output).predict_on_batch(pixels))
    batches = maps[:64], maps[64:]  # they count the same
    means, variances = ([each(batch, axis=(0, 1, 2)) for batch in batches] for each in (np.mean, np.var))
    assert np.asarray(norm.moving_mean) == pytest.approx(np.mean(means, axis=0), abs=1e-3)
    assert np.asarray(norm.moving_variance) == pytest.approx(np.mean(variances, axis=0), rel=1e-2)


def test_nothing_else_changes_and_the_same_seed_gives_the_same(dataset: Dataset) -> None:
    network = build("efficientnet-lite", Shape(100, 2))
    before = [np.asarray(variable) for variable in network.trainable_variables]

    settle(network, dataset.samples, RECIPE, seed=1)
    once = [np.asarray(variable) for variable in network.non_trainable_variables]
    settle(network, dataset.samples, RECIPE, seed=1)

    assert all(np.array_equal(a, b) for a, b in zip(before, network.trainable_variables, strict=True))
    assert all(
        np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(once, network.non_trainable_variables, strict=True)
    )


def test_a_network_without_it_stays_as_it_is(dataset: Dataset) -> None:
    network = build("prototype-breast", Shape(50, 2))
    before = [np.asarray(variable) for variable in network.variables]

    settle(network, dataset.samples, RECIPE, seed=1)

    assert all(np.array_equal(a, b) for a, b in zip(before, network.variables, strict=True))
