"""Colour segmentation in HSV: which pixels are nuclei, with the same recipe in training and serving."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

_PAIRS = np.triu_indices(256, 1)
_THREE_TONES = 3
_COUNTED_EXACTLY = 2**24
_WORKING_SIDE = 1024  # larger images are segmented at this size: a 50-megapixel image must not take seconds


@dataclass(frozen=True, slots=True)
class SegmentationRecipe:
    """How stained nuclei are told from the rest, in OpenCV's HSV (hue 0..179, saturation and value 0..255)."""

    white_percentile: int  # each channel's level at this percentile becomes white first; 0 leaves the light as it is
    hue_from: int
    hue_to: int
    tones: Literal[2, 3]  # 3: background, pale cells and nuclei; 2: within the hues, stained or not
    saturation_floor: int  # never call anything paler than this a nucleus
    saturation_ceiling: int  # the threshold found is held between floor and ceiling
    value_ceiling: int  # brighter pixels are background
    opening: int  # side in pixels of the opening that removes platelets and stain specks
    closing: int  # side in pixels of the closing that fills chromatin gaps
    fill_holes: bool
    smallest_area: float  # smaller parts are dropped; a fraction of the image's area
    separate_touching: bool  # count touching nuclei apart, by the peaks of the distance transform


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """A mask of the image's own size (uint8, 0 or 255), the share of it that is set, and how many parts."""

    mask: NDArray[np.uint8]
    area_fraction: float
    contour_count: int


def segment(image: NDArray[np.uint8], recipe: SegmentationRecipe) -> Segmentation:
    """Segment an upright 8-bit RGB image (H x W x 3)."""
    height, width = image.shape[:2]
    scale = _WORKING_SIDE / max(height, width)
    small = image
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    mask = _clean(_stained(small, recipe), recipe)
    count = _count(mask, recipe)
    if small is not image:
        mask = np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return Segmentation(mask=mask, area_fraction=float(np.count_nonzero(mask)) / mask.size, contour_count=count)


def whiten(image: NDArray[np.uint8], percent: int) -> NDArray[np.uint8]:
    """Each channel brightened so that its level at a percentile becomes white: the lamp's colour goes away."""
    levels = np.arange(256, dtype=np.float64)
    whites = [max(1.0, percentile(image[..., channel], percent)) for channel in range(3)]
    table = np.stack([np.minimum(levels * 255 / white, 255).round() for white in whites], axis=-1)
    return np.asarray(cv2.LUT(image, table.astype(np.uint8).reshape(1, 256, 3)), dtype=np.uint8)


def percentile(plane: NDArray[np.uint8], percent: int) -> float:
    """The smallest level that at least so many percent of the pixels do not exceed."""
    shares = np.cumsum(histogram(plane))
    return float(np.searchsorted(shares, plane.size * percent / 100))


def histogram(plane: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many pixels have each of the 256 levels. OpenCV counts much faster, but tells it in 24 bits."""
    if plane.size < _COUNTED_EXACTLY:
        counts = cv2.calcHist([plane], [0], None, [256], [0, 256])
        return np.asarray(counts.ravel(), dtype=np.int64)
    return np.bincount(plane.ravel(), minlength=256)


def _stained(image: NDArray[np.uint8], recipe: SegmentationRecipe) -> NDArray[np.uint8]:
    if recipe.white_percentile:
        image = whiten(image, recipe.white_percentile)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hue, saturation, value = hsv[..., 0], hsv[..., 1], hsv[..., 2]
    in_hue = (hue >= recipe.hue_from) & (hue <= recipe.hue_to) & (value <= recipe.value_ceiling)
    levels = saturation if recipe.tones == _THREE_TONES else saturation[in_hue]
    counts = histogram(levels)
    found = _upper_threshold(counts) if recipe.tones == _THREE_TONES else _threshold(counts)
    threshold = min(max(found, recipe.saturation_floor), recipe.saturation_ceiling)
    return np.where(in_hue & (saturation > threshold), 255, 0).astype(np.uint8)


def _threshold(counts: NDArray[np.int64]) -> int:
    """Otsu's threshold of a histogram (IEEE Trans. SMC 9, 1979)."""
    weight, mass = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    return int(np.argmax(_spread(weight, mass) + _spread(weight[-1] - weight, mass[-1] - mass)))


def _upper_threshold(counts: NDArray[np.int64]) -> int:
    """The upper of Otsu's two thresholds that part a histogram into three."""
    weight, mass = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    lower, upper = _PAIRS
    between = _spread(weight, mass)[lower] + _spread(weight[-1] - weight, mass[-1] - mass)[upper]
    between += _spread(weight[upper] - weight[lower], mass[upper] - mass[lower])
    return int(upper[np.argmax(between)])


def _spread(weight: NDArray[np.int64], mass: NDArray[np.int64]) -> NDArray[np.float64]:
    """A part's share of the variance between the parts: its weight times its mean squared."""
    return np.asarray(mass.astype(np.float64) ** 2 / np.maximum(weight, 1), dtype=np.float64)


def _clean(mask: NDArray[np.uint8], recipe: SegmentationRecipe) -> NDArray[np.uint8]:
    for operation, side in ((cv2.MORPH_OPEN, recipe.opening), (cv2.MORPH_CLOSE, recipe.closing)):
        if side > 1:
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            mask = np.asarray(cv2.morphologyEx(mask, operation, kernel), dtype=np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= recipe.smallest_area * mask.size
    large[0] = False
    kept = np.where(large[labels], 255, 0).astype(np.uint8)
    if recipe.fill_holes:
        contours, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(kept, contours, -1, 255, cv2.FILLED)
    return kept


def _count(mask: NDArray[np.uint8], recipe: SegmentationRecipe) -> int:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not recipe.separate_touching:
        return len(contours)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    parts, labels = cv2.connectedComponents(mask, connectivity=8)
    inside = mask > 0
    deepest = np.zeros(parts, np.float32)
    np.maximum.at(deepest, labels[inside], depth[inside])
    # A nucleus' core is deeper than 0.6 of its part's deepest point: two touching discs have two cores.
    cores = np.zeros_like(mask)
    cores[inside] = depth[inside] > 0.6 * deepest[labels[inside]]
    return int(cv2.connectedComponents(cores, connectivity=8)[0]) - 1
