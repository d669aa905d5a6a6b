"""Drawn images: from a seed, all classes, of the right kind."""

import numpy as np
import pytest

from mlcore.assays import ASSAYS
from mlcore.synthetic import draw, draw_smear, draw_tissue

KINDS = [(assay.slug, kind) for assay in ASSAYS.values() for kind in assay.classes]


@pytest.mark.parametrize(("assay", "kind"), KINDS)
def test_the_same_seed_draws_the_same_image(assay: str, kind: str) -> None:
    assert np.array_equal(draw(assay, kind, 5), draw(assay, kind, 5))
    assert not np.array_equal(draw(assay, kind, 5), draw(assay, kind, 6))


@pytest.mark.parametrize(("assay", "kind"), KINDS)
def test_an_image_has_the_networks_size_and_uses_the_range(assay: str, kind: str) -> None:
    image = draw(assay, kind, 1)

    side = ASSAYS[assay].input_size
    assert image.shape == (side, side, 3)
    assert image.dtype == np.uint8
    assert image.std() > 10


def test_classes_look_different() -> None:
    assert not np.array_equal(draw_smear("Pre", 1), draw_smear("Pro", 1))
    benign = np.mean([draw_tissue("Benign", seed).mean() for seed in range(10)])
    malignant = np.mean([draw_tissue("Malignant", seed).mean() for seed in range(10)])
    assert malignant < benign - 10  # crowded nuclei are dark


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError):
        draw("leukemia", "Malignant", 1)
