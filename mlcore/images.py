"""Reading images that strangers send: the header alone, or all pixels as upright 8-bit RGB.

Only PNG, JPEG and TIFF are read, told by content and never by name. Whatever is wrong with a file comes out as
`UnreadableImage`; beside it only MemoryError leaves this module, since the fault may be the machine's.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from mlcore.headers import SparingFile, read_words_behind_pixels
from mlcore.resolution import micrometres_per_pixel
from mlcore.wholeness import require_whole

MAX_PIXELS: Final = 50_000_000
LONGEST_SHOWN: Final = 2048  # pixels: people are shown no more of an image's longer side

ImageFormat = Literal["PNG", "JPEG", "TIFF"]
_FORMATS: Final[dict[str, ImageFormat]] = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "TIFF": "TIFF"}

MESSAGES: Final = {
    "missing": "There is no such file, or it cannot be opened.",
    "empty": "The file is empty.",
    "not_an_image": "The file is damaged, or it is not an image.",
    "unsupported_type": "Only PNG, JPEG and TIFF images can be read.",
    "truncated": "The file is cut off: a part of the image is missing.",
    "too_many_pixels": "The image is larger than 50 megapixels.",
    "too_small": "The image is too small to be examined.",
    "too_much_metadata": "The file holds too many megabytes beside the image. Please send the image alone.",
    "several_frames": "The file holds several pictures; send each one as its own image.",
    "unsupported_pixels": "The image stores its pixels in a way that cannot be read (8 or 16 bits a channel are).",
}

# How a TIFF's pixels may be packed. Fax's ways know no colour, and their decoder writes a line to the log, past our
# own rules for it, for each line of a damaged image.
_PACKINGS: Final = frozenset(
    {"raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "tiff_jpeg", "jpeg", "zstd", "webp", "lzma"}
)

# Leading bytes of files that are images, though of a kind that is not read.
_OTHER_IMAGES: Final = (b"GIF8", b"BM", b"RIFF", b"8BPS", b"\x00\x00\x01\x00", b"\x00\x00\x00\x0cjP", b"\xffO\xffQ")


class UnreadableImage(ValueError):
    """An image that cannot be read: `code` is stable, `message` is one sentence for a doctor."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.message = MESSAGES[code]
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header says: the type, the size in pixels as the image is shown upright, and where it is credibly said
    the side of a pixel on the specimen."""

    format: ImageFormat
    width: int
    height: int
    micrometres_per_pixel: float | None = None


def read_header(file: BinaryIO, *, minimum_side: int = 1) -> ImageHeader:
    """Read the header of an image and decode no pixel; the file is rewound. UnreadableImage when it is refused.

    Of a file that has more than a few megabytes beside its pixels no more than these are read, and it is refused.
    """
    sparing = SparingFile(file)
    try:
        return _header(cast("BinaryIO", sparing), minimum_side=minimum_side)
    except UnreadableImage:
        if sparing.is_spent:
            raise UnreadableImage("too_much_metadata") from None
        raise
    finally:
        file.seek(0)


def _header(file: BinaryIO, *, minimum_side: int) -> ImageHeader:
    with _opened(file, minimum_side=minimum_side) as image:
        if isinstance(image, PngImageFile):
            read_words_behind_pixels(image)
        width, height = image.size
        if _orientation(image) >= _FIRST_QUARTER_TURN:
            width, height = height, width
        return ImageHeader(_FORMATS[image.format or ""], width, height, micrometres_per_pixel(image))


def check_whole(data: bytes, *, minimum_side: int = 1) -> None:
    """Whether all that the file announces is there, and undamaged as far as it can say itself; decodes no pixel.

    UnreadableImage for what is refused, cut off, or a PNG of which a byte was changed.
    """
    with _opened(io.BytesIO(data), minimum_side=minimum_side) as image:
        require_whole(image, data)


def decode(data: bytes, *, minimum_side: int = 1) -> NDArray[np.uint8]:
    """All pixels as upright 8-bit RGB, H x W x 3, always the same way; UnreadableImage when that is impossible.

    16 bits a channel keep their upper 8, grey and palettes become RGB, transparency is laid over white.
    """
    with _opened(io.BytesIO(data), minimum_side=minimum_side) as image:
        if isinstance(image, PngImageFile):
            image.load()  # how it is turned may stand behind the pixels
        turn = _TURNS.get(_orientation(image))
        image.load()
        upright = image if turn is None else image.transpose(turn)
        return np.ascontiguousarray(np.asarray(_to_rgb(upright), dtype=np.uint8))


_FIRST_QUARTER_TURN: Final = 5  # EXIF orientations 5 to 8 exchange width and height
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow warns about odd metadata; filters belong to the whole process, so one thread at a time changes them.
_warning_filters = threading.Lock()


@contextmanager
def _opened(file: BinaryIO, *, minimum_side: int) -> Iterator[Image.Image]:
    """The image opened and checked; whatever is wrong with it, also in the caller's block, becomes UnreadableImage."""
    with _warning_filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            start = _first_bytes(file)
            with Image.open(file, formats=["PNG", "JPEG", "TIFF"]) as image:
                _check(image, minimum_side=minimum_side)
                yield image
        except (UnreadableImage, MemoryError):
            raise
        except UnidentifiedImageError:
            raise UnreadableImage("unsupported_type" if start.startswith(_OTHER_IMAGES) else "not_an_image") from None
        except Image.DecompressionBombError:
            raise UnreadableImage("too_many_pixels") from None
        except Exception as error:
            raise UnreadableImage("truncated" if "truncated" in str(error).lower() else "not_an_image") from error


def _first_bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(16)
    if not start:
        raise UnreadableImage("empty")
    file.seek(0)
    return start


def _check(image: Image.Image, *, minimum_side: int) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage("too_many_pixels")
    if min(width, height) < max(1, minimum_side):
        raise UnreadableImage("too_small")
    if _has_several_frames(image):
        raise UnreadableImage("several_frames")
    if image.format == "TIFF" and image.info.get("compression") not in _PACKINGS:
        raise UnreadableImage("unsupported_pixels")


def _has_several_frames(image: Image.Image) -> bool:
    if image.format == "MPO":  # a JPEG with a preview or gain map behind it: every viewer shows the first picture
        return False
    if image.format == "TIFF":
        try:
            image.seek(1)
        except EOFError:
            return False
        return True
    return bool(getattr(image, "is_animated", False))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 when there is none or the metadata is damaged: the pixels are still good."""
    try:  # not the PNG's own way, which decodes all pixels when it finds nothing before them
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001  damaged EXIF raises nearly anything
        return 1
    return value if isinstance(value, int) and 1 <= value <= max(_TURNS) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        order = ">u2" if image.mode.endswith("B") else "<u2"
        wide = np.frombuffer(image.tobytes(), dtype=order).reshape(image.height, image.width)
        return Image.fromarray((wide >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise UnreadableImage("unsupported_pixels")
    if image.has_transparency_data:
        front = image.convert("RGBA")
        page = Image.new("RGBA", front.size, (255, 255, 255, 255))
        return Image.alpha_composite(page, front).convert("RGB")
    return image.convert("RGB")
