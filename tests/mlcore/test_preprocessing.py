"""One recipe for training and serving, blind to the lamp's colour and to the scale bar."""

from dataclasses import replace

import numpy as np
import pytest

from mlcore.plans import PLANS
from mlcore.preprocessing import prepare, resize
from mlcore.synthetic import draw_smear, draw_tissue

LEUKEMIA, BREAST = PLANS["leukemia"].recipe, PLANS["breast"].recipe


@pytest.mark.parametrize("size", [(1, 1), (50, 50), (224, 224), (480, 640), (3000, 20)])
def test_it_gives_the_networks_square_for_any_size(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 128, np.uint8)

    prepared = prepare(image, LEUKEMIA)

    assert prepared.shape == (LEUKEMIA.input_size, LEUKEMIA.input_size, 3)
    assert prepared.dtype == np.float32
    assert 0 <= prepared.min() <= prepared.max() <= 1


def test_it_evens_out_the_lamp() -> None:
    image = draw_smear("Early", 3)
    dimmer = np.round(image * np.array([0.9, 0.75, 0.6])).astype(np.uint8)

    one, other = prepare(image, LEUKEMIA), prepare(dimmer, LEUKEMIA)

    assert np.abs(image.astype(int) - dimmer).mean() > 40
    assert np.abs(one - other).mean() < 0.01


def test_it_hides_the_scale_bar() -> None:
    image = draw_smear("Early", 3)
    with_bar = image.copy()
    with_bar[-20:-5, -40:-4] = 0

    bare = replace(LEUKEMIA, normalisation="none")
    assert np.array_equal(prepare(with_bar, bare), prepare(image, bare))


def test_it_leaves_tissue_as_it_is() -> None:
    image = draw_tissue("Malignant", 3)

    assert np.allclose(prepare(image, BREAST), resize(image, BREAST.input_size) / 255, atol=1e-6)


def test_it_survives_a_black_image() -> None:
    assert np.isfinite(prepare(np.zeros((224, 224, 3), np.uint8), LEUKEMIA)).all()


def test_an_image_of_the_right_size_is_not_resampled() -> None:
    image = draw_smear("Pro", 1)

    assert resize(image, 224) is image
