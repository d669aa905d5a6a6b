"""Changes to training images that a diagnosis must survive: another lamp, stain, focus, scale and orientation."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.preprocessing import Recipe, normalise


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training images are changed; ranges are uniform, shares are probabilities."""

    gain: float  # each channel's brightness times 1 - gain to 1 + gain
    density: tuple[float, float]  # each channel's optical density times this: the strength of the stain
    blur: float  # share of images blurred, with a deviation of up to 1 % of the side
    jpeg: float  # share of images compressed again, quality 40 to 95
    scale: float  # size times 1 - scale to 1 + scale: the cells' size is evidence, so this stays small
    crop: int  # side in pixels of the part that is cut out
    free_rotation: bool  # any angle (reflected at the border); else only quarter turns


# Another lamp and stain, within what any laboratory sees from one week to the next.
GENTLE = Augmentation(gain=0.2, density=(0.85, 1.2), blur=0.0, jpeg=0.1, scale=0.0, crop=0, free_rotation=False)


def augment_colour(image: NDArray[np.uint8], rng: Generator, plan: Augmentation) -> NDArray[np.uint8]:
    """Change light, stain, focus and compression of an 8-bit RGB image (H x W x 3)."""
    levels = np.linspace(0, 1, 256)[:, None]
    gain = rng.uniform(1 - plan.gain, 1 + plan.gain, 3)
    density = rng.uniform(*plan.density, 3)
    table = np.clip(255 * gain * levels**density, 0, 255).round().astype(np.uint8)
    changed = cv2.LUT(image, table.reshape(1, 256, 3))
    if rng.random() < plan.blur:
        deviation = rng.uniform(0.002, 0.01) * image.shape[0]
        changed = cv2.GaussianBlur(changed, (0, 0), max(deviation, 0.2))
    if rng.random() < plan.jpeg:
        _, encoded = cv2.imencode(".jpg", changed, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 96))))
        changed = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.asarray(changed, dtype=np.uint8)


def augment_geometry(prepared: NDArray[np.float32], rng: Generator, plan: Augmentation) -> NDArray[np.float32]:
    """Turn, mirror, scale and cut a prepared image (S x S x 3); the result is crop x crop x 3."""
    side, crop = prepared.shape[0], plan.crop
    scale = rng.uniform(1 - plan.scale, 1 + plan.scale)
    room = max(0.0, (side - crop / scale) / 2)
    centre = side / 2 + rng.uniform(-room, room, 2)
    angle = rng.uniform(0, 2 * np.pi) if plan.free_rotation else rng.integers(4) * np.pi / 2
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:  # noqa: PLR2004  half of them mirrored
        turn[:, 0] *= -1
    matrix = np.column_stack([turn, np.full(2, crop / 2 - 0.5) - turn @ (centre - 0.5)])
    moved = cv2.warpAffine(prepared, matrix, (crop, crop), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.float32)


def augment(image: NDArray[np.uint8], rng: Generator, plan: Augmentation, recipe: Recipe) -> NDArray[np.float32]:
    """A resized image changed at random and put through the recipe: what the network learns from."""
    return augment_geometry(normalise(augment_colour(image, rng, plan), recipe), rng, plan)
