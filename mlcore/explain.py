"""Where the network looked: class activation maps from the forward pass already made."""

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_SIDE = 1024
_SMOOTH_SIDE = 256  # enlarged by cubic curves up to here

Array = NDArray[np.float32]


def has_activation_map(features: Array, kernel: Array) -> bool:
    """Whether the dense layer weighs the last maps: without global average pooling it says nothing about places."""
    return bool(kernel.shape[0] == features.shape[2])


def class_activation_map(features: Array, kernel: Array, label: int, size: tuple[int, int]) -> Array:
    """The evidence for a class at each place, 0 to 1 (Zhou et al., CVPR 2016).

    `features` are the last maps (h x w x c), `kernel` the dense layer's (c x classes), `size` the image's height and
    width; the map has that size, or 1024 pixels on the longer side when the image is larger. Only for networks that
    have one: see `has_activation_map`.
    """
    height, width = size
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    target = (max(1, round(height * scale)), max(1, round(width * scale)))
    # Against the other classes' mean: what speaks for every class alike explains none.
    direction = kernel[:, label] - kernel.mean(axis=1)
    return enlarge(np.maximum(features @ direction, 0.0), target)


def enlarge(evidence: Array, size: tuple[int, int]) -> Array:
    """Evidence at a few places (h x w) as a smooth map of that height and width, its highest value 1, none below 0."""
    height, width = size
    scale = min(1.0, _SMOOTH_SIDE / max(size))
    between = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.resize(evidence.astype(np.float32), between, interpolation=cv2.INTER_CUBIC)
    if scale < 1:  # from here on the eye sees no difference, and straight lines take a tenth of the time
        smooth = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    smooth = np.asarray(cv2.max(smooth, 0.0), dtype=np.float32)
    smooth *= 1.0 / max(float(smooth.max()), 1e-9)
    return smooth
