"""Covering parts of an image finds what a network looks at, whatever the network is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.occlusion import occlusion_map
from mlcore.predictor import Predictor


@dataclass(frozen=True)
class _Answer:
    probabilities: dict[str, float]


class Lookout:
    """A model that looks at nothing but the upper right quarter: the darker that is, the more malignant."""

    def __init__(self, *, certainty: float = 10.0) -> None:
        self.certainty = certainty

    def predict(self, images: Sequence[NDArray[np.uint8]]) -> list[_Answer]:
        return [_Answer(self._probabilities(image)) for image in images]

    def _probabilities(self, image: NDArray[np.uint8]) -> dict[str, float]:
        height, width = image.shape[:2]
        dark = 1 - float(image[: height // 2, width // 2 :].mean()) / 255
        benign = 1 / (1 + np.exp(self.certainty * (dark - 0.5)))
        return {"Benign": float(benign), "Malignant": float(1 / (1 + np.exp(-self.certainty * (dark - 0.5))))}


@pytest.fixture
def image() -> NDArray[np.uint8]:
    """A pale image with a dark spot in each quarter."""
    pixels = np.full((80, 120, 3), 230, np.uint8)
    for row in (20, 60):
        for column in (30, 90):
            pixels[row - 6 : row + 6, column - 6 : column + 6] = 20
    return pixels


def shown_by(model: Lookout, image: NDArray[np.uint8], label: str) -> NDArray[np.float32]:
    return occlusion_map(cast("Predictor", model), image, label)


def test_it_points_at_what_the_model_looks_at(image: NDArray[np.uint8]) -> None:
    shown = shown_by(Lookout(), image, "Malignant")

    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert abs(int(row) - 20) < 10
    assert abs(int(column) - 90) < 15
    assert shown[60, 30] == shown[20, 30] == shown[60, 90] == 0
    assert shown.shape == (80, 120)
    assert shown.max() == 1


def test_what_speaks_against_a_class_is_not_shown_for_it(image: NDArray[np.uint8]) -> None:
    shown = shown_by(Lookout(), image, "Benign")

    assert shown[20, 90] < 0.1


def test_a_model_that_is_almost_certain_is_explained_too(image: NDArray[np.uint8]) -> None:
    """Its probability is 1 to the last digit with and without the spot; the odds still differ."""
    image[:40, 60:] = np.minimum(image[:40, 60:], 40)
    sure = Lookout(certainty=200.0)

    assert sure.predict([image])[0].probabilities["Malignant"] == 1
    assert shown_by(sure, image, "Malignant").max() == 1
