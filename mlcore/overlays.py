"""Pictures for people: what is laid over an image, and smaller renditions of it. Nothing here needs an engine."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlcore.images import LONGEST_SHOWN

_HALO, _LINE = 1, 2  # places in the palette, of which the first is nothing
_OUTLINE_COLOURS = bytes((0, 0, 0, 0, 40, 30, 0, 255, 170))  # green does not occur in H&E or Giemsa stains
_OUTLINE_OPACITY = bytes((0, 150, 255))
_OUTLINE_SIDE = 512  # small masks are enlarged to this, or the outline would be as coarse as the pixels
_INFERNO = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0, :, ::-1].tobytes()

_TO_OPENCV = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}  # by the number of channels


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """A grey (H x W), RGB (H x W x 3) or RGBA (H x W x 4) image as PNG."""
    grey = image.ndim == 2  # noqa: PLR2004  no axis of channels
    done, encoded = cv2.imencode(".png", image if grey else cv2.cvtColor(image, _TO_OPENCV[image.shape[2]]))
    if not done:
        raise ValueError("the image cannot be written as PNG")
    return encoded.tobytes()


def mask_outline_png(mask: NDArray[np.uint8]) -> bytes:
    """A transparent PNG with the outline of a mask (H x W, 0 or 255): a bright line on a dark halo.

    Small masks are enlarged (the aspect ratio stays), so the picture is meant to be stretched over the image.
    """
    enlarged = _enlarged(mask)
    height, width = enlarged.shape
    contours, _ = cv2.findContours(enlarged, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    line = max(1, round(max(height, width) / 400))
    canvas = np.zeros((height, width), np.uint8)
    cv2.drawContours(canvas, contours, -1, _HALO, 3 * line, cv2.LINE_8)
    cv2.drawContours(canvas, contours, -1, _LINE, line, cv2.LINE_8)
    return _palette_png(canvas, colours=_OUTLINE_COLOURS, opacity=_OUTLINE_OPACITY, bits=2)


def activation_png(activation_map: NDArray[np.float32]) -> bytes:
    """A class activation map (H x W, 0 to 1) in a perceptually uniform colour map; weak parts are transparent."""
    levels = np.clip(activation_map * 255.0, 0, 255).astype(np.uint8)
    return _palette_png(levels, colours=_INFERNO, opacity=bytes(range(256)), bits=8)


def _palette_png(places: NDArray[np.uint8], *, colours: bytes, opacity: bytes, bits: int) -> bytes:
    """Places in a palette (H x W): a quarter of the bytes that are to be compressed, and the same picture."""
    picture, file = Image.fromarray(places), io.BytesIO()
    picture.putpalette(colours)
    picture.save(file, "PNG", compress_level=1, transparency=opacity, bits=bits)
    return file.getvalue()


def thumbnail(rgb: NDArray[np.uint8], side: int = 256) -> NDArray[np.uint8]:
    """The image (H x W x 3) shrunk to fit a square of that side; a smaller image stays as it is."""
    return _fitted(rgb, side)


def display_rendition(rgb: NDArray[np.uint8], longest_side: int = LONGEST_SHOWN) -> NDArray[np.uint8]:
    """The image (H x W x 3) as a page shows it: no side longer than that."""
    return _fitted(rgb, longest_side)


def _fitted(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _enlarged(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = mask.shape
    scale = _OUTLINE_SIDE / max(height, width)
    if scale <= 1:
        return _shrunk(mask)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    return np.where(smooth > 127, 255, 0).astype(np.uint8)  # noqa: PLR2004  half of 255


def _shrunk(mask: NDArray[np.uint8], side: int = LONGEST_SHOWN) -> NDArray[np.uint8]:
    height, width = mask.shape
    scale = side / max(height, width)
    if scale >= 1:
        return mask
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
