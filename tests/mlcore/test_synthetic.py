"""Drawn images: from a seed, all classes, of the right kind."""

import numpy as np
import pytest

from mlcore.assays import ASSAYS
from mlcore.segmentation import segment
from mlcore.synthetic import draw, draw_smear, draw_tissue
from mlcore.synthetic.fields import photographed, places
from mlcore.synthetic.stamps import outlines

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


def nuclei(kind: str, *, size: int = 224) -> list[tuple[float, int, float]]:
    """Of some drawn smears: the share of the field that is nucleus, how many there are, how bright in green."""
    found = []
    for seed in range(8):
        image = draw_smear(kind, seed, size)
        result = segment(image, ASSAYS["leukemia"].segmentation)
        found.append((result.area_fraction, result.contour_count, float(image[result.mask > 0, 1].mean())))
    return found


def test_pre_b_fields_are_full_of_blasts_and_pro_b_blasts_are_pale() -> None:
    pre, pro = (np.mean(nuclei(kind), axis=0) for kind in ("Pre", "Pro"))

    assert pre[0] > 2 * pro[0]
    assert pre[1] > 1.5 * pro[1]
    assert pro[2] > pre[2] + 20


def test_a_larger_picture_shows_the_same_field_not_more_of_it() -> None:
    usual, larger = (np.mean(nuclei("Pre", size=size), axis=0) for size in (224, 448))

    assert larger[0] == pytest.approx(usual[0], rel=0.35)


def test_a_round_shape_covers_its_circle_and_is_cut_at_the_images_edge() -> None:
    centres = np.array([[20, 20], [0, 20], [-50, 20]], np.float32)
    discs = outlines(np.random.default_rng(1), centres, np.full(3, 8, np.float32), ragged=0, flat=0)
    canvas = np.zeros((40, 40, 3), np.float32)

    discs.lay(canvas, discs.cover(1.0), np.ones(3, np.float32))

    assert [number for number, _, _ in discs.windows(40)] == [0, 1]
    assert canvas[..., 0].sum() == pytest.approx(1.5 * np.pi * 8**2, rel=0.05)
    assert canvas.max() <= 1


def test_cells_keep_their_distance_and_stick_together_where_asked() -> None:
    def nearest(together: float) -> list[float]:
        found = places(np.random.default_rng(2), 60, 224, 8, together=together)
        gaps = np.hypot(*(found[:, None] - found[None]).T) + 1e6 * np.eye(len(found))
        return list(gaps.min(axis=0))

    assert min(nearest(0.0)) >= 8
    assert min(nearest(0.9)) >= 8
    assert np.mean(nearest(0.9)) < np.mean(nearest(0.0)) - 1


def test_a_photograph_is_soft_and_blue_is_softest() -> None:
    canvas = np.zeros((64, 64, 3), np.float32)
    canvas[:, 32:] = 255

    taken = photographed(canvas, np.random.default_rng(1), blur=0.5, grain=0, fringe=1.5).astype(int)

    steepest = np.abs(np.diff(taken[32], axis=0)).max(axis=0)
    assert steepest[0] == steepest[1] < 255
    assert steepest[2] < steepest[1] / 1.5


def test_a_photograph_as_a_jpeg_file_keeps_colours_in_their_order() -> None:
    canvas = np.broadcast_to(np.array((200, 120, 40), np.float32), (64, 64, 3))

    taken = photographed(canvas, np.random.default_rng(1), blur=0.5, grain=1, quality=90)

    assert np.abs(taken.mean(axis=(0, 1)) - (200, 120, 40)).max() < 3


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError):
        draw("leukemia", "Malignant", 1)
