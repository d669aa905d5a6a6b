"""What every drawing needs: chance, smooth noise, scattered places, and the way to a photograph."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def class_generator(kind: str, seed: int) -> Generator:
    """The source of chance for one image: the same seed draws something else for another class."""
    return np.random.default_rng((seed, sum(ord(letter) << (4 * place) for place, letter in enumerate(kind[:6]))))


def noise(rng: Generator, size: int, grain: float) -> Floats:
    """Smooth noise of about unit deviation (size x size), `grain` pixels coarse."""
    cells = max(2, round(size / grain) + 2)
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def places(rng: Generator, count: int, size: int, apart: float, *, together: float = 0.0, near: float = 1.5) -> Floats:
    """Up to `count` places (N x 2) of which no two are nearer than `apart`; beyond the image's edges too.

    That share `together` lies up to `near` times `apart` from an earlier place: cells stick to each other.
    """
    chosen = np.empty((count, 2), np.float32)
    found = 0
    for _ in range(count * 8):
        if found == count:
            break
        if found and rng.random() < together:
            angle, far = rng.uniform(0, 2 * np.pi), apart * rng.uniform(1, near)
            place = chosen[int(rng.integers(found))] + far * np.array((np.cos(angle), np.sin(angle)))
        else:
            place = rng.uniform(-apart / 2, size + apart / 2, 2)
        gaps = chosen[:found] - place
        if not found or float((gaps * gaps).sum(axis=1).min()) >= apart * apart:
            chosen[found] = place
            found += 1
    return chosen[:found]


def photographed(
    canvas: Floats, rng: Generator, *, blur: float, grain: float, fringe: float = 0.0, quality: int | None = None
) -> NDArray[np.uint8]:
    """The drawing (H x W x 3) through a lens (blurred, blue more than the rest), a sensor
    (grainy) and, with a quality, a JPEG file."""
    seen = cv2.GaussianBlur(canvas, (0, 0), max(blur, 0.3))
    if fringe:
        seen[..., 2] = cv2.GaussianBlur(np.ascontiguousarray(seen[..., 2]), (0, 0), fringe)
    seen = seen + grain * rng.standard_normal(canvas.shape, np.float32)
    pixels = np.asarray(np.clip(np.round(seen), 0, 255), dtype=np.uint8)
    if quality is None:
        return pixels
    _, written = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(read[..., ::-1])
