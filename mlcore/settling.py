"""Batch normalisation's statistics, estimated anew from images much as they are once a network has learned."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.augmentation import GENTLE, augment_colour
from mlcore.datasets import Sample, read_pixels
from mlcore.preprocessing import Recipe, prepare

_IMAGES = 1536  # enough for means and variances to stand still
_BATCH = 64


def settle(network: Any, samples: Sequence[Sample], recipe: Recipe, *, seed: int) -> None:
    """Replace the moving means and variances of a network's batch normalisation by those of gently changed images.

    While it learns they follow images under strongly changed light, stain and focus, whose spread is wider: on images
    as they are, every class' evidence is then shifted ("precise" statistics: Wu and Johnson, arXiv 2105.07576,
    section 3). Images not changed at all would tie the network to the light of the microscopes it knows.
    """
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not norms:
        return
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(samples))[:_IMAGES]
    sums: list[NDArray[np.float64]] = []
    batches = [chosen[start : start + _BATCH] for start in range(0, len(chosen), _BATCH)]
    for rows in batches:
        images = [augment_colour(read_pixels(samples[row]), rng, GENTLE) for row in rows]
        pixels = np.stack([prepare(image, recipe) for image in images])
        found = _batch_statistics(network, norms, pixels)
        sums = [total + value for total, value in zip(sums, found, strict=True)] if sums else found
    for variable, total in zip(_statistics(norms), sums, strict=True):
        variable.assign((total / len(batches)).astype(np.float32))


def _statistics(norms: Sequence[Any]) -> list[Any]:
    return [variable for norm in norms for variable in (norm.moving_mean, norm.moving_variance)]


def _batch_statistics(network: Any, norms: Sequence[Any], pixels: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """The means and variances of one batch in every layer, taken back out of the moving ones it would leave."""
    trainable = [variable.value for variable in network.trainable_variables]
    others = [variable.value for variable in network.non_trainable_variables]
    _, after = network.stateless_call(trainable, others, pixels, training=True)
    moved = {id(v): new for v, new in zip(network.non_trainable_variables, after, strict=True)}
    momenta = [norm.momentum for norm in norms for _ in range(2)]
    return [
        (_array(moved[id(variable)]) - momentum * _array(variable.value)) / (1 - momentum)
        for variable, momentum in zip(_statistics(norms), momenta, strict=True)
    ]


def _array(tensor: Any) -> NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(tensor), np.float64)
