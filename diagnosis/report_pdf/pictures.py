"""Stored pictures as they are printed: small ones pixel by pixel, large ones shrunk to what paper can show."""

import io
import logging
from dataclasses import dataclass

from PIL import Image

from diagnosis.services import file_store

logger = logging.getLogger(__name__)

LONGEST_SIDE = 720  # pixels: 300 a printed inch at the size of the pictures
SMOOTH_FROM = 512  # below, a field is printed as it is, without loss
QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """The bytes of a PNG or JPEG file, with its size in pixels."""

    content: bytes
    width: int
    height: int

    def fitted(self, side: float) -> tuple[float, float]:
        """Width and height on paper, in the unit of `side`, that fit a square of it."""
        scale = side / max(self.width, self.height)
        return self.width * scale, self.height * scale


def picture_of(sha256: str) -> Picture | None:
    """The stored picture to print; None when it is missing or damaged."""
    pixels = _pixels(sha256, "RGB")
    return _printed(pixels) if pixels else None


def outlined(sha256: str, outline_sha256: str) -> Picture | None:
    """The picture with the outline of what was segmented on it; None when one of the two is missing or damaged."""
    pixels, outline = _pixels(sha256, "RGB"), _pixels(outline_sha256, "RGBA")
    if pixels is None or outline is None:
        return None
    outline.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    below = pixels.resize(outline.size, Image.Resampling.NEAREST if _is_small(pixels) else Image.Resampling.LANCZOS)
    return _as_jpeg(Image.alpha_composite(below.convert("RGBA"), outline).convert("RGB"))


def _pixels(sha256: str, mode: str) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(file_store.get(sha256))) as stored:
            return stored.convert(mode)
    except (file_store.DamagedFile, OSError):
        logger.exception("A stored picture of a report is missing or damaged.")
        return None


def _printed(pixels: Image.Image) -> Picture:
    if _is_small(pixels):
        file = io.BytesIO()
        pixels.save(file, "PNG")
        return Picture(file.getvalue(), pixels.width, pixels.height)
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return _as_jpeg(pixels)


def _is_small(pixels: Image.Image) -> bool:
    return max(pixels.size) <= SMOOTH_FROM


def _as_jpeg(pixels: Image.Image) -> Picture:
    file = io.BytesIO()
    pixels.save(file, "JPEG", quality=QUALITY, subsampling=0)
    return Picture(file.getvalue(), pixels.width, pixels.height)
