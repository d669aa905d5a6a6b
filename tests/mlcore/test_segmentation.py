"""Nuclei by their colour: of the image's own size, the same way every time."""

import time

import cv2
import numpy as np
import pytest

from mlcore.assays import ASSAYS, get_assay
from mlcore.segmentation import segment
from mlcore.synthetic import draw, draw_smear

RECIPE = get_assay("leukemia").segmentation


def discs(*centres: tuple[int, int], radius: int = 14) -> np.ndarray:
    """A pale field with purple nuclei at these places."""
    image = np.full((224, 224, 3), (245, 248, 250), np.uint8)
    for centre in centres:
        cv2.circle(image, centre, radius, (98, 60, 170), -1)
    return image


def test_it_finds_the_nuclei() -> None:
    image = discs((50, 50), (150, 60), (100, 160))

    found = segment(image, RECIPE)

    truth = (image[..., 1] < 128).astype(np.uint8) * 255
    both = np.count_nonzero(found.mask & truth)
    dice = 2 * both / (np.count_nonzero(found.mask) + np.count_nonzero(truth))
    assert dice > 0.97
    assert found.contour_count == 3
    assert found.area_fraction == pytest.approx(np.count_nonzero(truth) / truth.size, rel=0.05)


def test_it_counts_touching_nuclei_apart() -> None:
    assert segment(discs((80, 100), (106, 100)), RECIPE).contour_count == 2


def test_it_leaves_out_specks_and_red_cells() -> None:
    image = np.full((224, 224, 3), (245, 248, 250), np.uint8)
    cv2.circle(image, (60, 60), 8, (170, 178, 195), -1)
    cv2.circle(image, (120, 120), 2, (98, 60, 170), -1)

    found = segment(image, RECIPE)

    assert found.contour_count == 0
    assert not found.mask.any()


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (224, 224), (480, 640), (1500, 2100)])
@pytest.mark.parametrize("assay", sorted(ASSAYS))
def test_the_mask_has_the_images_own_size(assay: str, size: tuple[int, int]) -> None:
    image = cv2.resize(draw(assay, ASSAYS[assay].classes[1], 1), size[::-1])

    found = segment(image, ASSAYS[assay].segmentation)

    assert found.mask.shape == size
    assert found.mask.dtype == np.uint8
    assert set(np.unique(found.mask)) <= {0, 255}


def test_it_finds_something_in_every_drawn_class() -> None:
    for assay in ASSAYS.values():
        for kind in assay.classes:
            assert 0 < segment(draw(assay.slug, kind, 4), assay.segmentation).area_fraction < 0.6


def test_it_takes_under_five_milliseconds() -> None:
    image = draw_smear("Pre", 1)
    times = []
    for _ in range(20):
        start = time.thread_time()
        segment(image, RECIPE)
        times.append(time.thread_time() - start)

    assert min(times) < 0.005
