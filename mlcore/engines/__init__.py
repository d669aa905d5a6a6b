"""The engines that run a network: one small protocol, the reference in Keras, and OpenVINO for serving on CPUs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-4  # engines whose logits differ by more than this are not the same model


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """What the network gives for one image: logits (classes) and the last feature maps (h x w x c), float32."""

    logits: NDArray[np.float32]
    features: NDArray[np.float32]


class Engine(Protocol):
    """A network ready to run."""

    def run(self, pixels: Sequence[NDArray[np.float32]]) -> list[Forward]:
        """Run prepared images (each S x S x 3); the answers come in the same order."""
        ...
