"""Colour segmentation in HSV: which pixels are nuclei, with the same recipe in training and serving."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_WORKING_SIDE = 1024  # larger images are segmented at this size: a 50-megapixel image must not take seconds


@dataclass(frozen=True, slots=True)
class SegmentationRecipe:
    """How stained nuclei are told from the rest, in OpenCV's HSV (hue 0..179, saturation and value 0..255)."""

    hue_from: int
    hue_to: int
    saturation_floor: int  # never call anything paler than this a nucleus
    saturation_ceiling: int  # Otsu's threshold is held between floor and ceiling
    value_ceiling: int  # brighter pixels are background
    opening: int  # side in pixels of the opening that removes platelets and stain specks
    closing: int  # side in pixels of the closing that fills chromatin gaps
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


def _stained(image: NDArray[np.uint8], recipe: SegmentationRecipe) -> NDArray[np.uint8]:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hue, saturation, value = hsv[..., 0], hsv[..., 1], hsv[..., 2]
    in_hue = (hue >= recipe.hue_from) & (hue <= recipe.hue_to) & (value <= recipe.value_ceiling)
    candidates = saturation[in_hue]
    if candidates.size == 0:
        return np.zeros(image.shape[:2], np.uint8)
    otsu, _ = cv2.threshold(candidates.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    threshold = float(np.clip(otsu, recipe.saturation_floor, recipe.saturation_ceiling))
    return np.where(in_hue & (saturation >= threshold), 255, 0).astype(np.uint8)


def _clean(mask: NDArray[np.uint8], recipe: SegmentationRecipe) -> NDArray[np.uint8]:
    for operation, side in ((cv2.MORPH_OPEN, recipe.opening), (cv2.MORPH_CLOSE, recipe.closing)):
        if side > 1:
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            mask = np.asarray(cv2.morphologyEx(mask, operation, kernel), dtype=np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= recipe.smallest_area * mask.size
    keep[0] = False
    return np.where(keep[labels], 255, 0).astype(np.uint8)


def _count(mask: NDArray[np.uint8], recipe: SegmentationRecipe) -> int:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not recipe.separate_touching:
        return len(contours)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    labels_count, labels = cv2.connectedComponents(mask, connectivity=8)
    deepest = np.zeros(labels_count, np.float32)
    np.maximum.at(deepest, labels.ravel(), distance.ravel())
    # A nucleus' core is deeper than 0.6 of its part's deepest point: two touching discs have two cores.
    cores = ((distance > 0.6 * deepest[labels]) & (mask > 0)).astype(np.uint8)
    return int(cv2.connectedComponents(cores, connectivity=8)[0]) - 1
