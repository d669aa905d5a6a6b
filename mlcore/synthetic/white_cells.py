"""White cells and blasts, and what is left of burst ones."""

import numpy as np
from numpy.random import Generator

from mlcore.synthetic.fields import Floats, noise, places
from mlcore.synthetic.stamps import Stamps, outlines
from mlcore.synthetic.styles import Nucleated, Smear

_OPACITY = 0.96
_STAIN = (1.0, 1.0, 0.3)  # a deeper stain takes red and green away, hardly any blue
_TEXTURE = (0.9, 1.0, 0.4)
_HUE = (0.35, 0.35, 0.15)


def draw_white_cells(canvas: Floats, style: Nucleated, rng: Generator) -> None:
    """Lay nucleated cells of one sort on the canvas (H x W x 3)."""
    size = len(canvas)
    scale = size / 224
    radius = style.radius * scale
    number = int(rng.integers(style.count[0], style.count[1] + 1))
    centres = places(rng, number, size, 1.8 * (1 + style.spread) * radius, together=style.together, near=1.3)
    count = len(centres)
    radii = radius * np.clip(np.exp(rng.normal(0, style.spread, count)), 0.5, 1.8).astype(np.float32)
    shares = rng.uniform(*style.share, count).astype(np.float32)
    aside = rng.normal(0, style.aside, (count, 2)).astype(np.float32) * radii[:, None]
    bodies = outlines(rng, centres, radii, ragged=style.ragged, flat=style.flat)
    nuclei = outlines(rng, centres + aside, shares * radii, ragged=style.ragged, flat=style.flat)
    stain = rng.normal(0, style.variation, (count, 1)) * _STAIN + rng.normal(0, style.variation, (count, 3)) * _HUE
    cytoplasm, chromatin = (np.asarray(colour + stain, np.float32) for colour in (style.cytoplasm, style.nucleus))
    fine, coarse = noise(rng, size, style.grain * scale), noise(rng, size, 5 * scale)
    texture = np.asarray(style.chromatin * fine + style.blotches * coarse, np.float32)
    _paint(canvas, bodies, cytoplasm, np.float32(0.5) * texture, edge=style.edge * scale)
    rim = np.asarray(style.rim * np.exp(-np.maximum(nuclei.depth, 0) / (1.5 * scale)), np.float32)
    _paint(canvas, nuclei, chromatin, texture, edge=0.9 * style.edge * scale, rim=rim)


def _paint(
    canvas: Floats, cells: Stamps, colours: Floats, texture: Floats, *, edge: float, rim: Floats | None = None
) -> None:
    """Lay shapes of one colour each (N x 3), uneven by `texture` (H x W), darker by `rim` (N x S x S)."""
    cover = _OPACITY * cells.cover(edge)
    weight = np.array(_TEXTURE, np.float32)
    for number, place, part in cells.windows(len(canvas)):
        grey = texture[place] if rim is None else texture[place] - rim[number][part]
        canvas[place] += cover[number][part][..., None] * (colours[number] + grey[..., None] * weight - canvas[place])


def draw_burst_cells(canvas: Floats, style: Smear, rng: Generator) -> None:
    """Lay smudges: pale, ragged, thinner towards their edge."""
    size = len(canvas)
    scale = size / 224
    count = int(rng.integers(style.smudges[0], style.smudges[1] + 1))
    radii = style.smudge_radius * scale * rng.uniform(0.6, 1.3, count).astype(np.float32)
    centres = rng.uniform(0, size, (count, 2)).astype(np.float32)
    cells = outlines(rng, centres, radii, ragged=0.2, flat=0.5, notched=0.06)
    cover = cells.cover(4 * scale) * np.clip(1 - 0.45 * cells.reach, 0.3, 1) * np.float32(rng.uniform(0.6, 0.9))
    wisps = 7 * noise(rng, size, 2 * scale) + 7 * noise(rng, size, 7 * scale)
    cells.lay(canvas, cover, np.array(style.smudge, np.float32) + wisps[..., None])
