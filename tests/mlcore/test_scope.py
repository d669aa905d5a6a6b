"""The in-scope gate knows blank, blurred, inverted and magnified images from those it learned from."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.plans import PLANS
from mlcore.preprocessing import prepare
from mlcore.scope import Distances, distances, fit_limits, fit_scope, in_scope_score, look
from mlcore.segmentation import segment
from mlcore.synthetic import draw

Picture = NDArray[np.uint8]


def as_picture(pixels: object) -> Picture:
    return np.asarray(pixels, dtype=np.uint8)


WRONG: dict[str, Callable[[Picture], Picture]] = {
    "blank": lambda image: np.full_like(image, 240),
    "black": np.zeros_like,
    "inverted": lambda image: 255 - image,
    "blurred": lambda image: as_picture(cv2.GaussianBlur(image, (0, 0), image.shape[0] / 12)),
    "noise": lambda image: np.random.default_rng(0).integers(0, 256, image.shape, np.uint8),
    "magnified": lambda image: as_picture(cv2.resize(image[:40, :40], image.shape[1::-1])),
    "grey": lambda image: as_picture(np.repeat(image[..., 1:2], 3, axis=2)),
}


def looks(seeds: range, kind: str, change: Callable[[Picture], Picture] = lambda image: image) -> NDArray[np.float64]:
    recipe = PLANS["leukemia"].recipe
    images = [change(draw("leukemia", kind, seed)) for seed in seeds]
    return np.stack([look(prepare(image, recipe), segment(image, recipe.segmentation)) for image in images])


@pytest.fixture(scope="module")
def gate() -> Callable[[NDArray[np.float64]], float]:
    kinds = ("Benign", "Early", "Pre", "Pro")
    known = np.concatenate([looks(range(20), kind) for kind in kinds])
    deep = np.random.default_rng(0).normal(0, 1, (len(known), 8))
    arrays = fit_scope(deep, known, np.repeat(np.arange(4), 20))
    fresh = np.concatenate([looks(range(100, 110), kind) for kind in kinds])
    found = [distances(arrays, deep[0].astype(np.float32), values) for values in fresh]
    limits = fit_limits(found, range(len(found)), sides=(160, 1024), aspect=1.25)
    return lambda values: in_scope_score(distances(arrays, deep[0].astype(np.float32), values), (224, 224), limits)


def test_it_knows_new_images_of_the_same_kind(gate: Callable[[NDArray[np.float64]], float]) -> None:
    scores = [gate(values) for kind in ("Benign", "Pro") for values in looks(range(200, 210), kind)]

    assert np.mean([score >= 0.5 for score in scores]) >= 0.85


@pytest.mark.parametrize("change", sorted(WRONG))
def test_it_refuses_other_images(gate: Callable[[NDArray[np.float64]], float], change: str) -> None:
    scores = [gate(values) for values in looks(range(300, 304), "Pre", WRONG[change])]

    assert max(scores) < 0.5


def test_the_limits_keep_the_share_they_were_asked_to() -> None:
    rng = np.random.default_rng(0)
    found = [Distances(*rng.chisquare(5, 2)) for _ in range(2000)]

    limits = fit_limits(found, [0] * 2000, sides=(40, 100), aspect=1.25)

    assert limits.valid_share == pytest.approx(0.97, abs=0.005)
    assert in_scope_score(Distances(0, 0), (50, 50), limits) == 1
    assert in_scope_score(Distances(limits.deep_limit, 0), (50, 50), limits) == 0.5


def test_the_limits_are_wider_where_groups_differ() -> None:
    rng = np.random.default_rng(0)
    scale = rng.uniform(0.5, 1.5, 40)
    groups = [group for group in range(40) for _ in range(50)]
    found = [Distances(*(scale[group] * rng.chisquare(5, 2))) for group in groups]

    limits = fit_limits(found, groups, sides=(40, 100), aspect=1.25)

    kept = np.array([item.deep <= limits.deep_limit and item.look <= limits.look_limit for item in found])
    assert np.mean(kept.reshape(40, 50).mean(axis=1) >= 0.95) >= 0.9
    assert 0.97 < limits.valid_share < 1


@pytest.mark.parametrize("size", [(50, 50), (40, 50), (50, 40), (100, 100), (125, 100)])
def test_it_takes_images_of_about_the_expected_size_and_shape(size: tuple[int, int]) -> None:
    limits = fit_limits([Distances(1, 1)] * 10, range(10), sides=(40, 100), aspect=1.25)

    assert in_scope_score(Distances(0.1, 0.1), size, limits) > 0.5


@pytest.mark.parametrize("size", [(39, 45), (460, 700), (101, 101), (50, 63), (63, 50)])
def test_it_refuses_other_magnifications_and_shapes_however_familiar_they_look(size: tuple[int, int]) -> None:
    limits = fit_limits([Distances(1, 1)] * 10, range(10), sides=(40, 100), aspect=1.25)

    assert in_scope_score(Distances(0, 0), size, limits) < 0.5
