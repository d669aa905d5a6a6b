"""Many irregular round shapes at once, each on its own small square: what cells are drawn with."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mlcore.synthetic.fields import Floats

Window = tuple[slice, slice]

_ROOM = 1.45  # how far a square reaches beyond the radius: outlines bulge
_WAVES = (2, 3, 5)  # swellings around an outline
_NOTCHES = (8, 11, 15)


@dataclass(frozen=True, slots=True)
class Stamps:
    """N shapes, each on a square of S pixels; everything but the corners is N x S x S."""

    corners: Floats  # N x 2: x and y of the upper left pixel, outside the image too
    depth: Floats  # how far inside the outline a pixel lies, in pixels; negative outside
    reach: Floats  # 0 in the centre, 1 on the outline
    along: Floats  # -1 on one side of the shape, 1 on the other

    def windows(self, size: int) -> Iterator[tuple[int, Window, Window]]:
        """Each shape that touches the image: its number, its place in the image, and that part of its square."""
        side = self.depth.shape[1]
        for number, (left, top) in enumerate(self.corners.astype(int).tolist()):
            x, y = max(left, 0), max(top, 0)
            right, bottom = min(left + side, size), min(top + side, size)
            if x < right and y < bottom:
                inner = (slice(y - top, bottom - top), slice(x - left, right - left))
                yield number, (slice(y, bottom), slice(x, right)), inner

    def cover(self, edge: float | Floats) -> Floats:
        """How much of each pixel lies inside, 0 to 1, over an edge of that many pixels."""
        return soft_step(np.asarray(self.depth / np.maximum(edge, 0.1), dtype=np.float32))

    def lay(self, canvas: Floats, cover: Floats, paint: Floats) -> None:
        """Blend paint (a colour, or a texture of the canvas' size) into the canvas where `cover` says so."""
        for number, place, part in self.windows(len(canvas)):
            colour = paint if paint.ndim == 1 else paint[place]
            canvas[place] += cover[number][part][..., None] * (colour - canvas[place])


def soft_step(values: Floats) -> Floats:
    """0 below -0.5, 1 above 0.5, smooth between."""
    part = np.clip(values + 0.5, 0, 1)
    return np.asarray(part * part * (3 - 2 * part), dtype=np.float32)


def outlines(
    rng: Generator, centres: Floats, radii: Floats, *, ragged: float, flat: float, notched: float = 0.0
) -> Stamps:
    """Round shapes around `centres` (N x 2), flattened by up to `flat`, swollen by `ragged`, notched by `notched`."""
    shape = (len(radii), 1, 1)
    side = 2 * int(np.ceil(_ROOM * float(radii.max(initial=1)))) + 3
    corners = np.floor(centres) - side // 2
    x, y = ((np.arange(side) - (centres - corners)[:, axis, None]).astype(np.float32) for axis in (0, 1))
    turn = rng.uniform(0, np.pi, shape).astype(np.float32)
    squeeze = np.sqrt(1 - flat * rng.random(shape)).astype(np.float32)
    along = (x[:, None, :] * np.cos(turn) + y[:, :, None] * np.sin(turn)) * squeeze
    across = (y[:, :, None] * np.cos(turn) - x[:, None, :] * np.sin(turn)) / squeeze
    far, angle = np.hypot(along, across), np.arctan2(across, along)
    worst = notched * rng.random(shape, np.float32)
    edge = np.ones_like(far)
    for wave in _WAVES + (_NOTCHES if notched else ()):
        height = worst if wave in _NOTCHES else np.float32(ragged / np.sqrt(wave))
        start = rng.uniform(0, 2 * np.pi, shape).astype(np.float32)
        edge += height * rng.standard_normal(shape, np.float32) * np.cos(wave * angle + start)
    edge *= radii[:, None, None]
    return Stamps(
        corners=corners, depth=edge - far, reach=far / np.maximum(edge, 0.1), along=along / radii[:, None, None]
    )
