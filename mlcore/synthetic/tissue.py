"""Patches of H&E-stained breast tissue: fibrous stroma, fat, and nuclei, crowded into nests where there is a tumour."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.synthetic.fields import Floats, class_generator, noise, photographed, places
from mlcore.synthetic.styles import Colour

_WAVES = np.array((2, 3, 5))  # swellings around an outline
_ANGLES = np.linspace(0, 2 * np.pi, 32, endpoint=False)
_COSINES, _SINES = np.cos(_ANGLES), np.sin(_ANGLES)
_IN_A_GAP = 0.5  # share of nests that have drawn away from the stroma about them


@dataclass(frozen=True, slots=True)
class _Tissue:
    """What one class of patches is made of; lengths are for a patch of 200 pixels, shrunk to 50 at the end."""

    stroma: tuple[Colour, Colour]
    nuclei: tuple[int, int]
    fat: tuple[int, int]  # cells, in one lump
    nests: tuple[int, int]
    clefts: float  # how much of the stroma has torn: 0 nothing, 1 half
    nucleus: Colour


_TISSUES: Mapping[str, _Tissue] = MappingProxyType(
    {
        "Benign": _Tissue(((230, 151, 185), (235, 198, 220)), (8, 24), (2, 15), (0, 0), 1.0, (110, 68, 138)),
        "Malignant": _Tissue(((188, 114, 156), (222, 166, 194)), (60, 110), (0, 2), (8, 14), 0.3, (106, 68, 134)),
    }
)
_LUMP = 110  # of fat cells
_NEST: Colour = (158, 112, 170)
_WHITE: Colour = (243, 239, 243)


def draw_tissue(kind: str, seed: int, size: int = 50) -> NDArray[np.uint8]:
    """An H&E patch (size x size x 3): fibrous stroma, fat, and nuclei; Malignant: crowded nests of them."""
    style = _TISSUES[kind]
    rng = class_generator(kind, seed)
    work = 200  # drawn finely, then shrunk, as a scanner does
    canvas = _stroma(style, rng, work)
    lump = rng.uniform(0, work, 2) - _LUMP / 2
    for centre in lump + places(rng, int(rng.integers(style.fat[0], style.fat[1] + 1)), _LUMP, 36):
        _blend_disc(canvas, rng, centre, rng.uniform(15, 20), colour=_WHITE, opacity=0.97, ragged=0.1)
    for nest in places(rng, int(rng.integers(style.nests[0], style.nests[1] + 1)), work, 40):
        _draw_nest(canvas, rng, style, nest)
    for centre in rng.uniform(0, work, (int(rng.integers(*style.nuclei)), 2)):
        _draw_nucleus(canvas, rng, style, centre, radius=rng.uniform(4.2, 6.8), stretch=0.7)
    canvas += 15 * noise(rng, work, 4)[..., None]  # cytoplasm and fibres too fine to draw
    canvas *= (1 + rng.normal(0, 0.04) + rng.normal(0, 0.015, 3)).astype(np.float32)  # no two slides are stained alike
    fine = photographed(canvas, rng, blur=0.9, grain=3.0)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _stroma(style: _Tissue, rng: Generator, size: int) -> Floats:
    """Bundles of fibres, denser here than there, torn where they are thinnest."""
    dark, light = (np.array(colour, np.float32) for colour in style.stroma)
    weave = _fibres(rng, size)
    bundles = noise(rng, size, 40)
    canvas = light + (dark - light) * (0.5 + 0.4 * weave + 0.35 * bundles)[..., None]
    torn = np.clip((style.clefts + 0.5 * weave - 0.6 * bundles - 1.0) * 3, 0, 1).astype(np.float32)[..., None]
    return np.ascontiguousarray(canvas + torn * (np.array(_WHITE, np.float32) - canvas), dtype=np.float32)


def _draw_nest(canvas: Floats, rng: Generator, style: _Tissue, nest: Floats) -> None:
    """Tumour cells side by side, in a gap that opened when the tissue shrank."""
    radius = rng.uniform(16, 30)
    if rng.random() < _IN_A_GAP:
        _blend_disc(canvas, rng, nest, radius + 5, colour=_WHITE, opacity=0.6, ragged=0.25, stretch=0.5)
    _blend_disc(canvas, rng, nest, radius, colour=_NEST, opacity=0.85, ragged=0.25, stretch=0.5)
    crowd = places(rng, round(radius * radius / 28), round(2 * radius), 6.5)
    for centre in nest + crowd - np.float32(radius):
        if np.hypot(*(centre - nest)) < radius:
            _draw_nucleus(canvas, rng, style, centre, radius=rng.uniform(3.6, 5.6), stretch=0.5)


def _draw_nucleus(
    canvas: Floats, rng: Generator, style: _Tissue, centre: Floats, *, radius: float, stretch: float
) -> None:
    shade = np.array(style.nucleus) + rng.normal(0, 12) + rng.normal(0, 3, 3)
    _blend_disc(canvas, rng, centre, radius, colour=tuple(shade), opacity=0.85, ragged=0.15, stretch=stretch)


def _fibres(rng: Generator, size: int) -> Floats:
    """Wavy parallel fibres, -1 to 1."""
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    across = x * np.cos(angle) + y * np.sin(angle) + 22 * noise(rng, size, 60) + 4 * noise(rng, size, 16)
    return np.asarray(np.sin(across / rng.uniform(3.0, 6.0)) * 0.6 + 0.4 * noise(rng, size, 7), dtype=np.float32)


def _outline(
    rng: Generator, centre: tuple[float, float], radius: float, ragged: float, stretch: float
) -> NDArray[np.int32]:
    """The points of an irregular round shape, in sixteenths of a pixel."""
    heights = rng.normal(0, ragged, len(_WAVES)) / _WAVES
    reach = radius * (1 + heights @ np.cos(_WAVES[:, None] * _ANGLES + rng.uniform(0, 2 * np.pi, (len(_WAVES), 1))))
    turn, flat = rng.uniform(0, np.pi), 1 - stretch * rng.random()
    x, y = reach * _COSINES, reach * _SINES * flat
    points = np.stack(
        [centre[0] + x * np.cos(turn) - y * np.sin(turn), centre[1] + x * np.sin(turn) + y * np.cos(turn)], axis=1
    )
    return np.round(points * 16).astype(np.int32)


def _blend(canvas: Floats, outline: NDArray[np.int32], colour: Floats, opacity: float, soft: float = 0.0) -> None:
    """Lay a colour (or a texture of the canvas' size) over the inside of an outline."""
    size = canvas.shape[0]
    margin = round(3 * soft) + 2
    left, top = (max(0, int(low) // 16 - margin) for low in outline.min(axis=0))
    right, bottom = (min(size, int(high) // 16 + margin + 1) for high in outline.max(axis=0))
    if left >= right or top >= bottom:
        return
    cover = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(cover, [outline - np.array([left, top], np.int32) * 16], 255, cv2.LINE_AA, 4)
    if soft > 0:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), soft), dtype=np.uint8)
    weight = (cover.astype(np.float32) * (opacity / 255))[..., None]
    part = canvas[top:bottom, left:right]
    part += weight * ((colour if colour.ndim == 1 else colour[top:bottom, left:right]) - part)


def _blend_disc(
    canvas: Floats,
    rng: Generator,
    centre: Floats,
    radius: float,
    *,
    colour: tuple[float, ...],
    opacity: float,
    ragged: float,
    stretch: float = 0.2,
) -> None:
    outline = _outline(rng, (float(centre[0]), float(centre[1])), radius, ragged, stretch)
    _blend(canvas, outline, np.array(colour, np.float32), opacity, soft=1.0)
