"""Where a network looked, for those whose last layer says nothing about places: cover parts and ask again.

Slow (49 runs an image), so only `evaluate` does it, never the path that serves.
"""

import numpy as np
from numpy.typing import NDArray

from mlcore.explain import enlarge
from mlcore.predictor import Predictor

_CELLS = 8  # the image is divided into 8 x 8 cells; a cover hides 2 x 2 of them


def occlusion_map(predictor: Predictor, image: NDArray[np.uint8], label: str) -> NDArray[np.float32]:
    """The evidence for a class at each place of an image (H x W x 3), 0 to 1, of the image's own size.

    A place counts by how much the class's log odds fall when it is covered with the image's mean colour
    (Zeiler and Fergus, ECCV 2014), the mean over all covers that hide it.
    """
    before = _log_odds(predictor, [image], label)[0]
    falls = np.zeros((_CELLS, _CELLS))
    covers = np.zeros((_CELLS, _CELLS))
    for row in range(_CELLS - 1):
        covered = [_covered(image, row, column) for column in range(_CELLS - 1)]
        for column, odds in enumerate(_log_odds(predictor, covered, label)):
            falls[row : row + 2, column : column + 2] += before - odds
            covers[row : row + 2, column : column + 2] += 1
    return enlarge(np.maximum(falls / covers, 0.0).astype(np.float32), image.shape[:2])


def _covered(image: NDArray[np.uint8], row: int, column: int) -> NDArray[np.uint8]:
    rows, columns = (np.linspace(0, side, _CELLS + 1).round().astype(int) for side in image.shape[:2])
    changed = image.copy()
    changed[rows[row] : rows[row + 2], columns[column] : columns[column + 2]] = image.mean(axis=(0, 1)).round()
    return changed


def _log_odds(predictor: Predictor, images: list[NDArray[np.uint8]], label: str) -> list[float]:
    """Of a class against all others; the others are added up, as 1 minus a probability near 1 would lose them."""
    found = [outcome.probabilities for outcome in predictor.predict(images)]
    others = [sum(value for name, value in p.items() if name != label) for p in found]
    return [
        float(np.log(max(p[label], 1e-300)) - np.log(max(rest, 1e-300))) for p, rest in zip(found, others, strict=True)
    ]
