"""Patches of H&E-stained breast tissue: fibrous stroma, fat, and nuclei, crowded into nests where there is a tumour."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.synthetic.fields import Floats, class_generator, noise, photographed
from mlcore.synthetic.styles import Colour

_IN_A_NEST = 0.7  # share of a tumour's nuclei that lie in its nests


@dataclass(frozen=True, slots=True)
class _Tissue:
    """What one class of patches is made of, for a patch of 50 pixels."""

    stroma: tuple[Colour, Colour]
    nuclei: tuple[int, int]
    fat: tuple[int, int]
    nests: tuple[int, int]
    nucleus: Colour


_TISSUES: Mapping[str, _Tissue] = MappingProxyType(
    {
        "Benign": _Tissue(((226, 150, 184), (240, 186, 208)), (15, 45), (0, 7), (0, 0), (116, 72, 140)),
        "Malignant": _Tissue(((208, 152, 196), (226, 182, 214)), (120, 200), (0, 2), (3, 7), (122, 82, 146)),
    }
)


def draw_tissue(kind: str, seed: int, size: int = 50) -> NDArray[np.uint8]:
    """An H&E patch (size x size x 3): fibrous stroma, fat, and nuclei; Malignant: crowded nests of them."""
    style = _TISSUES[kind]
    rng = class_generator(kind, seed)
    work = 200  # drawn finely, then shrunk, as a scanner does
    light, dark = (np.array(colour, np.float32) for colour in reversed(style.stroma))
    weave = _fibres(rng, work)[..., None]
    canvas = np.ascontiguousarray(light + (dark - light) * (0.5 + 0.5 * weave) - 14 * np.abs(weave))
    nests = [rng.uniform(0, work, 2) for _ in range(int(rng.integers(style.nests[0], style.nests[1] + 1)))]
    for nest in nests:
        _blend_disc(canvas, rng, tuple(nest), rng.uniform(22, 50), colour=(198, 144, 198), opacity=0.6, ragged=0.3)
    for _ in range(int(rng.integers(style.fat[0], style.fat[1] + 1))):
        _blend_disc(
            canvas,
            rng,
            tuple(rng.uniform(0, work, 2)),
            rng.uniform(14, 30),
            colour=(246, 242, 245),
            opacity=0.97,
            ragged=0.12,
        )
    for _ in range(int(rng.integers(*style.nuclei))):
        near = nests[int(rng.integers(len(nests)))] if nests and rng.random() < _IN_A_NEST else None
        centre = rng.uniform(0, work, 2) if near is None else near + rng.normal(0, 22, 2)
        shade = np.array(style.nucleus) + rng.normal(0, 12) + rng.normal(0, 3, 3)
        radius = rng.uniform(4.5, 8.0) if nests else rng.uniform(3.6, 6.0)
        _blend_disc(canvas, rng, tuple(centre), radius, colour=tuple(shade), opacity=0.85, ragged=0.15, stretch=0.6)
    canvas += 12 * noise(rng, work, 3)[..., None]  # cytoplasm and fibres too fine to draw
    fine = photographed(canvas, rng, blur=1.3, grain=3.0)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _fibres(rng: Generator, size: int) -> Floats:
    """Wavy parallel fibres, -1 to 1."""
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    across = x * np.cos(angle) + y * np.sin(angle) + 9 * noise(rng, size, 45) + 3 * noise(rng, size, 14)
    return np.asarray(np.sin(across / rng.uniform(3.0, 6.0)) * 0.6 + 0.4 * noise(rng, size, 6), dtype=np.float32)


def _outline(
    rng: Generator, centre: tuple[float, float], radius: float, ragged: float, stretch: float
) -> NDArray[np.int32]:
    """The points of an irregular round shape, in sixteenths of a pixel."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(rng.normal(0, ragged / n) * np.cos(n * angles + rng.uniform(0, 6.3)) for n in (2, 3, 5))
    reach = radius * (1 + np.asarray(waves))
    turn, flat = rng.uniform(0, np.pi), 1 - stretch * rng.random()
    x, y = reach * np.cos(angles), reach * np.sin(angles) * flat
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
    centre: tuple[float, ...],
    radius: float,
    *,
    colour: tuple[float, ...],
    opacity: float,
    ragged: float,
    stretch: float = 0.2,
) -> None:
    outline = _outline(rng, (centre[0], centre[1]), radius, ragged, stretch)
    _blend(canvas, outline, np.array(colour, np.float32), opacity, soft=1.0)
