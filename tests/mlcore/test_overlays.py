"""What is laid over an image on the page."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlcore.overlays import activation_png, display_rendition, encode_png, mask_outline_png, thumbnail


def opened(png: bytes, mode: str = "RGBA") -> NDArray[np.uint8]:
    """The picture as a browser draws it."""
    return np.asarray(Image.open(io.BytesIO(png)).convert(mode))


def test_the_outline_surrounds_the_nucleus_and_leaves_it_free() -> None:
    mask = np.zeros((224, 224), np.uint8)
    mask[60:120, 80:160] = 255

    outline = opened(mask_outline_png(mask))

    scale = outline.shape[0] / 224
    alpha = outline[..., 3]
    assert outline.shape == (512, 512, 4)
    assert alpha[round(90 * scale), round(120 * scale)] == 0
    assert alpha[round(60 * scale), round(120 * scale)] > 0
    assert alpha[:40].max() == 0


def test_an_empty_mask_gives_a_picture_that_shows_nothing() -> None:
    assert opened(mask_outline_png(np.zeros((50, 50), np.uint8)))[..., 3].max() == 0


def test_the_outline_of_a_huge_mask_stays_small() -> None:
    assert max(opened(mask_outline_png(np.zeros((5000, 100), np.uint8))).shape) <= 2048


def test_the_outline_keeps_the_aspect_ratio() -> None:
    height, width = opened(mask_outline_png(np.zeros((100, 200), np.uint8))).shape[:2]

    assert width == 2 * height


def test_weak_activation_is_transparent() -> None:
    activation = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)

    picture = opened(activation_png(activation))

    assert picture.shape == (8, 8, 4)
    assert picture[0, 0, 3] == 0
    assert picture[-1, -1, 3] == 255
    assert (np.diff(picture[..., 3].ravel().astype(int)) >= 0).all()


def test_activation_goes_from_black_by_red_to_yellow() -> None:
    activation = np.array([[0.0, 0.5, 1.0]], np.float32)

    picture = opened(activation_png(activation))[..., :3].astype(int)

    dark, middle, bright = picture[0]
    assert dark.max() < 10
    assert middle[0] > 2 * max(middle[1], middle[2])
    assert bright[0] > 240
    assert bright[1] > 240
    assert bright[2] < 200


def test_a_line_of_the_outline_is_bright_on_a_dark_halo() -> None:
    mask = np.zeros((512, 512), np.uint8)
    mask[100:400, 100:400] = 255

    outline = opened(mask_outline_png(mask))

    assert tuple(outline[100, 250]) == (0, 255, 170, 255)
    assert tuple(outline[98, 250]) == (0, 40, 30, 150) or tuple(outline[99, 250]) == (0, 40, 30, 150)


def test_renditions_keep_the_aspect_ratio_and_never_enlarge() -> None:
    image = np.zeros((1000, 4000, 3), np.uint8)

    assert display_rendition(image).shape == (512, 2048, 3)
    assert thumbnail(image).shape == (64, 256, 3)
    assert thumbnail(image[:50, :50]).shape == (50, 50, 3)
    assert thumbnail(image[:1]).shape == (1, 256, 3)


def test_colours_are_not_exchanged() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255

    assert tuple(opened(encode_png(red), "RGB")[0, 0]) == (255, 0, 0)
