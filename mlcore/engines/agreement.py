"""Do two engines give the same answers? Compared on a model's check images, which are drawn and so at hand anywhere."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.assays import Assay
from mlcore.engines import Engine, Forward
from mlcore.synthetic import draw

_SEEDS = range(4)


def check_images(assay: Assay, side: int) -> list[NDArray[np.uint8]]:
    """Upright 8-bit RGB images: each class drawn from several seeds, and what no network was trained on.

    The same ones for every model of an assay, on every machine.
    """
    drawn = [draw(assay.slug, kind, seed) for kind in assay.classes for seed in _SEEDS]
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    plain = [np.full((side, side, 3), level, dtype=np.uint8) for level in (0, 255)]
    return [*drawn, noise, *plain]


def largest_difference(one: Engine, other: Engine, pixels: Sequence[NDArray[np.float32]]) -> float:
    """How far two engines are apart on prepared images; not a number where one of them gives no number.

    Logits are compared as they are, feature maps in units of their largest value, which may be in the hundreds.
    """
    pairs = zip(one.run(pixels), other.run(pixels), strict=True)
    return float(np.max([_difference(a, b) for a, b in pairs]))


def _difference(one: Forward, other: Forward) -> float:
    unit = np.maximum(np.abs(one.features).max(), 1)
    features = np.abs(one.features - other.features).max() / unit
    return float(np.maximum(np.abs(one.logits - other.logits).max(), features))
