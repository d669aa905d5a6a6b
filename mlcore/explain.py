"""Where the network looked: class activation maps from the forward pass already made."""

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_SIDE = 1024


def class_activation_map(
    features: NDArray[np.float32], kernel: NDArray[np.float32], label: int, size: tuple[int, int]
) -> NDArray[np.float32]:
    """The evidence for a class at each place, 0 to 1 (Zhou et al., CVPR 2016).

    `features` are the last maps (h x w x c), `kernel` the dense layer's (c x classes), `size` the image's height and
    width; the map has that size, or 1024 pixels on the longer side when the image is larger. It is empty for a network
    without global average pooling: its dense layer says nothing about places.
    """
    if kernel.shape[0] != features.shape[2]:
        features, kernel = np.zeros((1, 1, 1), np.float32), np.zeros((1, kernel.shape[1]), np.float32)
    # Against the other classes' mean: what speaks for every class alike explains none.
    direction = kernel[:, label] - kernel.mean(axis=1)
    evidence = np.maximum(features @ direction, 0.0)
    height, width = size
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    enlarged = cv2.resize(evidence.astype(np.float32), target, interpolation=cv2.INTER_CUBIC)
    positive = np.maximum(enlarged, 0.0)
    return np.asarray(positive / max(float(positive.max()), 1e-9), dtype=np.float32)
