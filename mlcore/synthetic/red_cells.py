"""Red cells: discs that take light away, pale in the middle, darker where they lie on each other."""

import cv2
import numpy as np
from numpy.random import Generator

from mlcore.synthetic.fields import Floats, noise, places
from mlcore.synthetic.stamps import Stamps, outlines, soft_step
from mlcore.synthetic.styles import Colour, RedCells

_RIM_AT = 0.75  # of the radius: a biconcave disc is thickest there
_SOLID_THICKER = 0.25
_HAZE_PIXELS = 7.0


def draw_red_cells(canvas: Floats, style: RedCells, field: Colour, rng: Generator) -> None:
    """Take from the canvas (H x W x 3) the light that red cells absorb."""
    size = len(canvas)
    scale = size / 224
    radius = style.radius * scale
    count = int(rng.integers(style.count[0], style.count[1] + 1))
    centres = places(rng, count, size, style.apart * radius, together=style.together, near=2.2)
    radii = radius * np.clip(rng.normal(1, style.spread, len(centres)), 0.6, 1.5).astype(np.float32)
    cells = outlines(rng, centres, radii, ragged=style.ragged, flat=style.flat, notched=style.crenated)
    thickness = _thickness(cells, style, rng, scale)
    density = np.zeros((size, size), np.float32)
    for number, place, part in cells.windows(size):
        density[place] += thickness[number][part]
    density = style.deepest * np.tanh(density / style.deepest)  # what lies on top adds less and less
    density += style.haze * cv2.GaussianBlur(density, (0, 0), _HAZE_PIXELS * scale)
    density *= 1 + style.uneven * noise(rng, size, 2.5 * scale)
    colour = np.array(style.colour) * (1 + rng.normal(0, 0.02, 3))
    absorbs = np.log(np.maximum(np.array(field) / colour, 1.001)).astype(np.float32)
    canvas *= np.exp(-density[..., None] * absorbs)


def _thickness(cells: Stamps, style: RedCells, rng: Generator, scale: float) -> Floats:
    """How much each cell takes from each pixel of its square; 1 is what gives the style's colour."""
    each = (len(cells.depth), 1, 1)
    solid = rng.random(each) < style.solid
    hollow = np.where(solid, 0, style.pale * rng.uniform(0.7, 1.1, each)).astype(np.float32)
    focus = rng.uniform(0.6, 1.5, each).astype(np.float32)
    lean = style.lean * rng.standard_normal(each, np.float32)
    dark = (
        np.clip(rng.normal(1, style.variation, each), 0.4, 1.8).astype(np.float32) + np.float32(_SOLID_THICKER) * solid
    )
    thickness = cells.cover(style.edge * scale * focus)
    thickness *= 1 - hollow * soft_step((style.pale_width - cells.reach) / 0.45)
    thickness += style.rim * np.exp(-(((cells.reach - _RIM_AT) / 0.15) ** 2))
    thickness *= dark * (1 + lean * np.clip(cells.along, -1, 1))
    halo = np.exp(-(((cells.depth / scale + 1.5) / 1.2) ** 2)) * (cells.depth < 0)
    return np.asarray(thickness - style.halo * halo, dtype=np.float32)
