"""Images drawn from a seed, for tests, demo and screenshots: no patient's image is needed for any of them.

They resemble smears and H&E patches in colour and texture. They are no evidence of anything; whoever shows one
marks it as drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Canvas = NDArray[np.float32]
Colour = tuple[float, float, float]

_IN_A_NEST = 0.7  # share of a tumour's nuclei that lie in its nests
_PALE_CENTRES = 0.7  # share of red cells that show one


@dataclass(frozen=True, slots=True)
class _Cells:
    """The nucleated cells of one class, lengths for a field of 224 pixels."""

    count: tuple[int, int]
    radius: tuple[float, float]
    nucleus: Colour
    cytoplasm: Colour
    nucleus_share: tuple[float, float]  # of the cell's radius
    ragged: float  # how far the outline departs from a circle
    red_cells: Colour
    crowding: tuple[int, int]  # red cells a field
    field: Colour


_SMEARS: Mapping[str, _Cells] = MappingProxyType(
    {
        "Benign": _Cells(
            count=(6, 12),
            radius=(6.0, 12.0),
            nucleus=(112, 84, 234),
            cytoplasm=(168, 146, 246),
            nucleus_share=(0.75, 0.97),
            ragged=0.06,
            red_cells=(190, 198, 222),
            crowding=(90, 170),
            field=(250, 255, 248),
        ),
        "Early": _Cells(
            count=(4, 9),
            radius=(10.0, 13.0),
            nucleus=(122, 92, 236),
            cytoplasm=(164, 144, 246),
            nucleus_share=(0.86, 0.96),
            ragged=0.05,
            red_cells=(164, 180, 212),
            crowding=(60, 130),
            field=(248, 255, 250),
        ),
        "Pre": _Cells(
            count=(9, 22),
            radius=(10.0, 13.5),
            nucleus=(126, 100, 240),
            cytoplasm=(146, 126, 244),
            nucleus_share=(0.88, 0.97),
            ragged=0.04,
            red_cells=(136, 168, 224),
            crowding=(45, 110),
            field=(246, 255, 250),
        ),
        "Pro": _Cells(
            count=(4, 8),
            radius=(8.5, 11.0),
            nucleus=(205, 146, 246),
            cytoplasm=(226, 186, 253),
            nucleus_share=(0.85, 0.96),
            ragged=0.10,
            red_cells=(180, 194, 220),
            crowding=(45, 110),
            field=(255, 255, 251),
        ),
    }
)


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


def draw(assay: str, kind: str, seed: int) -> NDArray[np.uint8]:
    """An image (H x W x 3, 8-bit RGB) of that assay and class; KeyError for an unknown one."""
    return {"leukemia": draw_smear, "breast": draw_tissue}[assay](kind, seed)


def draw_smear(kind: str, seed: int, size: int = 224) -> NDArray[np.uint8]:
    """A field of a blood smear (size x size x 3): plasma, red cells, and nucleated cells of that class."""
    style = _SMEARS[kind]
    rng = np.random.default_rng((seed, _number(kind)))
    scale = size / 224
    canvas = np.ones((size, size, 3), np.float32) * np.array(style.field, np.float32)
    for tint in ((2, 0, 9), (7, 1, 0)):  # the plasma is yellowish here and bluish there
        canvas -= np.maximum(_noise(rng, size, size / 2), 0)[..., None] * np.array(tint, np.float32)
    _draw_red_cells(canvas, rng, style, scale)
    chromatin = _noise(rng, size, 3.0 * scale)[..., None] * np.array((11, 12, 4), np.float32)
    for centre in _places(rng, int(rng.integers(*style.count)), size, 1.6 * style.radius[1] * scale):
        _draw_nucleated_cell(canvas, rng, style, centre, chromatin=chromatin)
    return _photographed(canvas, rng, blur=0.55 * scale, grain=2.5)


def draw_tissue(kind: str, seed: int, size: int = 50) -> NDArray[np.uint8]:
    """An H&E patch (size x size x 3): fibrous stroma, fat, and nuclei; Malignant: crowded nests of them."""
    style = _TISSUES[kind]
    rng = np.random.default_rng((seed, _number(kind)))
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
    canvas += 12 * _noise(rng, work, 3)[..., None]  # cytoplasm and fibres too fine to draw
    fine = _photographed(canvas, rng, blur=1.3, grain=3.0)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _number(kind: str) -> int:
    return sum(ord(letter) << (4 * place) for place, letter in enumerate(kind[:6]))


def _noise(rng: Generator, size: int, grain: float) -> NDArray[np.float32]:
    """Smooth noise of about unit deviation, `grain` pixels coarse."""
    cells = max(2, round(size / grain) + 2)
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _fibres(rng: Generator, size: int) -> NDArray[np.float32]:
    """Wavy parallel fibres, -1 to 1."""
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    across = x * np.cos(angle) + y * np.sin(angle) + 9 * _noise(rng, size, 45) + 3 * _noise(rng, size, 14)
    return np.asarray(np.sin(across / rng.uniform(3.0, 6.0)) * 0.6 + 0.4 * _noise(rng, size, 6), dtype=np.float32)


def _places(rng: Generator, count: int, size: int, apart: float) -> list[tuple[float, float]]:
    """Up to `count` places of which no two are nearer than `apart`."""
    chosen: list[tuple[float, float]] = []
    for _ in range(count * 20):
        x, y = rng.uniform(0, size, 2)
        if all((x - a) ** 2 + (y - b) ** 2 > apart**2 for a, b in chosen):
            chosen.append((float(x), float(y)))
        if len(chosen) == count:
            break
    return chosen


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


def _blend(canvas: Canvas, outline: NDArray[np.int32], colour: Canvas, opacity: float, soft: float = 0.0) -> None:
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
    canvas: Canvas,
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


def _draw_red_cells(canvas: Canvas, rng: Generator, style: _Cells, scale: float) -> None:
    size = canvas.shape[0]
    colour = np.array(style.red_cells, np.float32) + rng.normal(0, 4, 3).astype(np.float32)
    paler = colour + (np.array(style.field, np.float32) - colour) * 0.62
    for centre in _places(rng, int(rng.integers(*style.crowding)), size, 10.5 * scale):
        radius = rng.uniform(6.2, 8.2) * scale
        shade = colour + rng.normal(0, 2, 3).astype(np.float32) + np.float32(rng.normal(0, 6))
        _blend(canvas, _outline(rng, centre, radius, 0.06, 0.2), shade, 0.85, soft=0.5 * scale)
        if rng.random() < _PALE_CENTRES:  # the pale centre of a biconcave disc
            _blend(canvas, _outline(rng, centre, 0.5 * radius, 0.08, 0.2), paler, 0.8, soft=1.0 * scale)


def _draw_nucleated_cell(
    canvas: Canvas, rng: Generator, style: _Cells, centre: tuple[float, float], *, chromatin: Canvas
) -> None:
    scale = canvas.shape[0] / 224
    radius = rng.uniform(*style.radius) * scale
    strength = rng.normal(0, 1)  # how deeply this cell took the stain
    cytoplasm = np.array(style.cytoplasm, np.float32) + np.float32(6 * strength)
    _blend(canvas, _outline(rng, centre, radius, style.ragged, 0.2), cytoplasm, 0.92, soft=0.5 * scale)
    nucleus = np.array(style.nucleus, np.float32) + np.array((12, 12, 4), np.float32) * np.float32(strength)
    share = rng.uniform(*style.nucleus_share)
    offset = rng.normal(0, 0.05 * radius, 2)
    place = (centre[0] + float(offset[0]), centre[1] + float(offset[1]))
    outline = _outline(rng, place, share * radius, style.ragged, 0.2)
    _blend(canvas, outline, nucleus + chromatin, 0.96, soft=0.5 * scale)


def _photographed(canvas: Canvas, rng: Generator, *, blur: float, grain: float) -> NDArray[np.uint8]:
    """The drawing through a lens (slightly blurred) and a sensor (slightly grainy)."""
    seen = cv2.GaussianBlur(canvas, (0, 0), max(blur, 0.3))
    seen = seen + rng.normal(0, grain, canvas.shape)
    return np.asarray(np.clip(np.round(seen), 0, 255), dtype=np.uint8)
