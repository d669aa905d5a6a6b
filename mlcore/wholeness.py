"""Whether an image file is whole, told from its structure alone: web processes decode no pixel.

PNG has a check sum for each of its pieces. JPEG says where it ends, and TIFF where its pixels lie; a changed byte among
these is only seen, if at all, when they are decoded.
"""

from typing import Any

from PIL import Image, TiffTags

CUT_OFF = "The file is truncated."  # whoever reads images knows by this word
_MARK, _SCAN, _END = 0xFF, 0xDA, b"\xff\xd9"
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_NAMES = {one.name: number for number, one in TiffTags.TAGS_V2.items()}
_PLACES = (("StripOffsets", "StripByteCounts"), ("TileOffsets", "TileByteCounts"))


def require_whole(image: Image.Image, data: bytes) -> None:
    """Raises OSError or SyntaxError, as Pillow does, when something of the opened image is missing or damaged."""
    if image.format == "PNG":
        image.verify()
    elif image.format == "TIFF":
        _require_pixels(image, len(data))
    else:
        _require_end(data)


def _require_end(data: bytes) -> None:
    """The mark of the end must follow the picture itself, not only a preview in the metadata before it."""
    if data.find(_END, _start_of_scan(data)) < 0:
        raise OSError(CUT_OFF)


def _start_of_scan(data: bytes) -> int:
    place = 2
    while place + 4 <= len(data):
        marker = data[place + 1]
        if data[place] != _MARK or marker == _SCAN:
            return place
        length = 0 if marker in _WITHOUT_LENGTH else int.from_bytes(data[place + 2 : place + 4], "big")
        place += 1 if marker == _MARK else 2 + length  # marks more than one only fill up
    raise OSError(CUT_OFF)


def _require_pixels(image: Image.Image, size: int) -> None:
    tags: Any = getattr(image, "tag_v2")  # noqa: B009  Pillow's kinds of image have no common type for it
    found = [(tags.get(_NAMES[offsets]), tags.get(_NAMES[counts])) for offsets, counts in _PLACES]
    pieces = [piece for starts, lengths in found if starts and lengths for piece in zip(starts, lengths, strict=False)]
    if not pieces or any(start + length > size for start, length in pieces):
        raise OSError(CUT_OFF)
