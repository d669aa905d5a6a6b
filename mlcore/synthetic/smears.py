"""Fields of a blood smear: plasma, red cells, white cells and blasts, burst cells and platelets."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.synthetic.fields import Floats, class_generator, noise, photographed, places
from mlcore.synthetic.red_cells import draw_red_cells
from mlcore.synthetic.smear_styles import SMEARS
from mlcore.synthetic.stamps import outlines
from mlcore.synthetic.styles import Smear
from mlcore.synthetic.white_cells import draw_burst_cells, draw_white_cells

_PLATELET = (128.0, 104.0, 214.0)
_SPECKLE = (0.5, 0.3, 1.0)  # a chip has most green filters, and sees blue least


def draw_smear(kind: str, seed: int, size: int = 224) -> NDArray[np.uint8]:
    """A field of a blood smear (size x size x 3): plasma, red cells, and nucleated cells of that class."""
    return draw_field(SMEARS[kind], class_generator(kind, seed), size)


def draw_field(style: Smear, rng: Generator, size: int) -> NDArray[np.uint8]:
    """A field of that style (size x size x 3)."""
    scale = size / 224
    canvas = _light(style, rng, size)
    draw_red_cells(canvas, style.red, style.field, rng)
    draw_burst_cells(canvas, style, rng)
    _draw_platelets(canvas, style, rng)
    for cells in style.cells:
        draw_white_cells(canvas, cells, rng)
    speckle = np.stack([noise(rng, size, 3 * scale) for _ in _SPECKLE], axis=-1)
    canvas += style.speckle * speckle * np.array(_SPECKLE, np.float32)
    blur, fringe = rng.uniform(*style.blur) * scale, style.fringe * scale
    return photographed(canvas, rng, blur=blur, grain=style.grain, fringe=fringe, quality=style.quality)


def _light(style: Smear, rng: Generator, size: int) -> Floats:
    """The empty field: bright in the middle, darker towards the corners, tinted here and there."""
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) - np.float32(rng.normal(0, 0.15)) for _ in range(2))
    fall = np.clip(0.5 * (y[:, None] ** 2 + x[None, :] ** 2), 0, 1.2) ** 1.5
    tint = np.maximum(noise(rng, size, size / 3), 0)
    canvas = np.array(style.field, np.float32) - fall[..., None] * np.array(style.corners, np.float32)
    canvas -= tint[..., None] * np.array(style.tint, np.float32)
    return np.asarray(canvas - style.mottle * noise(rng, size, size / 60)[..., None], dtype=np.float32)


def _draw_platelets(canvas: Floats, style: Smear, rng: Generator) -> None:
    """Platelets, and grains of dye that look like them, in little heaps."""
    size = len(canvas)
    scale = size / 224
    count = int(rng.integers(style.platelets[0], style.platelets[1] + 1))
    centres = places(rng, count, size, 2.2 * scale, together=0.6, near=2.5)
    radii = rng.uniform(0.8, 2.2, len(centres)).astype(np.float32) * np.float32(scale)
    grains = outlines(rng, centres, radii, ragged=0.15, flat=0.6)
    cover = rng.uniform(0.3, 0.8, (len(centres), 1, 1)).astype(np.float32) * grains.cover(1.2 * scale)
    grains.lay(canvas, cover, np.array(_PLATELET, np.float32))
