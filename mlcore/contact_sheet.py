"""The model's most confident mistakes, each beside what it looked at."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.datasets import Sample
from mlcore.evaluation import Measured
from mlcore.files import replace_file
from mlcore.images import decode
from mlcore.overlays import encode_png
from mlcore.predictor import Predictor

_SIDE = 160
_WORST = 24
_COLUMNS = 4
_STRIP = 22


def draw_contact_sheet(predictor: Predictor, samples: Sequence[Sample], measured: Measured, path: Path) -> int:
    """Write the sheet; returns how many mistakes it shows, 0 when there was none and nothing is written."""
    wrong = np.flatnonzero(measured.p.argmax(axis=1) != measured.labels)
    worst = wrong[np.argsort(-measured.p[wrong].max(axis=1))][:_WORST]
    if not len(worst):
        return 0
    tiles = [_tile(predictor, samples[index]) for index in worst.tolist()]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    with replace_file(path) as aside:
        aside.write_bytes(encode_png(np.vstack(rows)))
    return len(worst)


def _tile(predictor: Predictor, sample: Sample) -> NDArray[np.uint8]:
    image = decode(sample.path.read_bytes())
    outcome = predictor.predict([image])[0]
    left = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    heat = cv2.resize(outcome.activation_map, (_SIDE, _SIDE))[..., None]
    colours = cv2.cvtColor(
        cv2.applyColorMap((heat[..., 0] * 255).astype(np.uint8), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB
    )
    right = (left * (1 - 0.6 * heat) + colours * (0.6 * heat)).astype(np.uint8)
    strip = np.full((_STRIP, 2 * _SIDE, 3), 255, np.uint8)
    classes = predictor.manifest.classes
    suggested = max(outcome.probabilities, key=outcome.probabilities.__getitem__)
    words = f"{classes[sample.label]}, said {suggested} {outcome.confidence:.2f} ({outcome.verdict})"
    cv2.putText(strip, words, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(np.vstack([np.hstack([left, right]), strip]), dtype=np.uint8)
