"""How large a pixel is on the specimen, where an image's header says so credibly.

Read are what microscopes' programs write: OME-TIFF, ImageJ, and a TIFF's resolution in pixels a centimetre. Dots per
inch are not: they are the printer's, and 72 or 96 stand in files that nobody measured.
"""

import math
import re
from typing import Final

from PIL import Image

SMALLEST: Final = 0.02  # micrometres a pixel: no objective of light resolves a tenth of it
LARGEST: Final = 20.0  # beyond this no cell is seen
ALIKE: Final = 0.01  # how far the pixel's two sides may differ

_RESOLUTION_UNIT, _X_RESOLUTION, _Y_RESOLUTION, _DESCRIPTION = 296, 282, 283, 270
_CENTIMETRE: Final = 3
_MICROMETRES: Final = {"µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4}
_LONGEST_DESCRIPTION: Final = 1_000_000


def micrometres_per_pixel(image: Image.Image) -> float | None:
    """The side of a pixel on the specimen, or None: not said, not credible, or the two sides differ."""
    if image.format != "TIFF":
        return None
    try:
        sides = _from_ome(_description(image)) or _from_imagej(image) or _from_centimetres(image)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # damaged metadata says nothing
        return None
    return _credible(*sides) if sides else None


def _credible(wide: float, high: float) -> float | None:
    known = all(math.isfinite(side) and SMALLEST <= side <= LARGEST for side in (wide, high))
    return wide if known and abs(wide - high) <= ALIKE * wide else None


def _description(image: Image.Image) -> str:
    return str(_tag(image, _DESCRIPTION) or "")[:_LONGEST_DESCRIPTION]


def _tag(image: Image.Image, number: int) -> object:
    return getattr(image, "tag_v2", {}).get(number)


def _from_ome(description: str) -> tuple[float, float] | None:
    if "<OME" not in description:
        return None
    return _ome_side(description, "X"), _ome_side(description, "Y")


def _ome_side(description: str, axis: str) -> float:
    length = re.search(rf'\bPhysicalSize{axis}="([^"]+)"', description)
    unit = re.search(rf'\bPhysicalSize{axis}Unit="([^"]+)"', description)
    return float(length[1]) * _MICROMETRES[unit[1] if unit else "µm"] if length else math.nan


def _from_imagej(image: Image.Image) -> tuple[float, float] | None:
    """ImageJ notes its unit in the description, and in the resolution how many pixels one of it holds."""
    description = _description(image)
    unit = re.search(r"^unit=(.+)$", description, flags=re.MULTILINE)
    if not description.startswith("ImageJ=") or not unit:
        return None
    return _sides(image, unit=_MICROMETRES[unit[1].strip().replace("\\u00B5", "µ")])


def _from_centimetres(image: Image.Image) -> tuple[float, float] | None:
    if _description(image).startswith("ImageJ=") or _tag(image, _RESOLUTION_UNIT) != _CENTIMETRE:
        return None
    return _sides(image, unit=_MICROMETRES["cm"])


def _sides(image: Image.Image, *, unit: float) -> tuple[float, float]:
    wide, high = (float(str(_tag(image, number))) for number in (_X_RESOLUTION, _Y_RESOLUTION))
    return unit / wide, unit / high
