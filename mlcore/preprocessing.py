"""One recipe from an image's pixels to the network's input, stored in the bundle, used in training and serving."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.segmentation import SegmentationRecipe, percentile


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an upright 8-bit RGB image becomes the network's input."""

    input_size: int  # side in pixels of the square the network sees; the aspect ratio is not kept
    normalisation: Literal["none", "white-patch"]
    white_percentile: int  # white patch: this percentile of each channel becomes white
    hidden_corner: tuple[int, int]  # width and height of the lower right corner painted white; 0, 0 hides nothing
    segmentation: SegmentationRecipe


def resize(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """An image (H x W x 3) as a square of that side."""
    height, width = image.shape[:2]
    if (height, width) == (side, side):
        return image
    method = cv2.INTER_AREA if min(height, width) >= side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (side, side), interpolation=method), dtype=np.uint8)


def normalise(image: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    """A resized image (S x S x 3) as float32 from 0 to 1, its light evened out and its scale bar hidden.

    White patch (Land and McCann, J. Opt. Soc. Am. 61, 1971): each channel is divided by a high percentile of
    itself, here the 90th instead of the maximum so that a few hot pixels decide nothing. In a smear that is the
    empty background, so the colour of lamp and camera goes away while the stain stays.
    """
    levels = np.arange(256, dtype=np.float32)
    whites = [255.0] * 3
    if recipe.normalisation == "white-patch":
        whites = [max(percentile(image[..., channel], recipe.white_percentile), 1.0) for channel in range(3)]
    table = np.stack([np.minimum(levels / white, 1.0) for white in whites], axis=-1)
    prepared = np.asarray(cv2.LUT(image, table[None]), dtype=np.float32)
    width, height = recipe.hidden_corner
    if width and height:
        prepared[-height:, -width:] = 1.0
    return prepared


def prepare(image: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    """The network's input (S x S x 3, float32, 0 to 1) for an upright 8-bit RGB image of any size."""
    return normalise(resize(image, recipe.input_size), recipe)
