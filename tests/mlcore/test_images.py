"""Images from strangers: read the same way every time, or refused with a reason."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile

from mlcore.images import MAX_PIXELS, MESSAGES, UnreadableImage, decode, read_header
from mlcore.synthetic import draw_smear

FIELD = draw_smear("Pre", 1, size=120)[:80]  # 80 high, 120 wide


def encoded(pixels: NDArray[np.generic], form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format=form, **options)
    return file.getvalue()


def refusal(data: bytes, *, minimum_side: int = 1) -> str:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, minimum_side=minimum_side)
    assert caught.value.message == MESSAGES[caught.value.code]
    return caught.value.code


def header_refusal(data: bytes) -> str:
    file = io.BytesIO(data)
    with pytest.raises(UnreadableImage) as caught:
        read_header(file)
    assert file.tell() == 0
    return caught.value.code


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def lying_png(width: int, height: int) -> bytes:
    """A PNG whose header says that size and whose pixels are missing."""
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return start + png_chunk(b"IDAT", zlib.compress(b"\x00" * 10)) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_it_reads_the_header_alone(form: str) -> None:
    file = io.BytesIO(encoded(FIELD, form))

    header = read_header(file)

    assert (header.format, header.width, header.height) == (form, 120, 80)
    assert file.tell() == 0


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_it_decodes_no_pixel_for_the_header(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO(encoded(FIELD, form))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("pixels are decoded"))
    assert read_header(file).width == 120
    assert read_header(io.BytesIO(lying_png(7000, 7000))).width == 7000


@pytest.mark.parametrize("words", ["eXIf", "iTXt"])
def test_a_png_says_behind_its_pixels_how_it_is_turned(words: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'
    said = {"eXIf": exif.tobytes().removeprefix(b"Exif\0\0"), "iTXt": xmp}[words]
    whole = encoded(FIELD)
    data = whole[:-12] + png_chunk(words.encode(), said) + whole[-12:]

    header = read_header(io.BytesIO(data))

    assert (header.height, header.width) == decode(data).shape[:2] == (120, 80)


def long_png() -> bytes:
    """A PNG with ten megabytes of words before its pixels."""
    start = encoded(FIELD)
    return start[:33] + png_chunk(b"tEXt", b"Comment\0" + b"x" * 10_000_000) + start[33:]


def fussy_jpeg() -> bytes:
    """A JPEG with very many segments of nothing."""
    whole = encoded(FIELD, "JPEG")
    return whole[:2] + b"\xff\xe5\0\x02" * 60_000 + whole[2:]


@pytest.mark.parametrize("long", [long_png, fussy_jpeg])
def test_it_reads_no_header_without_end(long: Callable[[], bytes]) -> None:
    class Counting(io.BytesIO):
        read_so_far = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.read_so_far += len(piece)
            return piece

    file = Counting(long())
    with pytest.raises(UnreadableImage) as caught:
        read_header(file)
    assert caught.value.code == "too_much_metadata"
    assert file.read_so_far < 9_000_000
    assert file.tell() == 0


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_it_gives_the_pixels_as_they_were(form: str) -> None:
    assert np.array_equal(decode(encoded(FIELD, form)), FIELD)


def test_it_keeps_the_upper_8_of_16_bits() -> None:
    wide = np.arange(0, 256 * 256, 16, dtype=np.uint16).reshape(64, 64)

    for form in ("PNG", "TIFF"):
        assert np.array_equal(decode(encoded(wide, form))[..., 1], (wide >> 8).astype(np.uint8))


def test_it_turns_grey_and_palettes_into_rgb() -> None:
    grey = FIELD[..., 0]
    palette = io.BytesIO()
    Image.fromarray(FIELD).quantize(64).save(palette, format="PNG")

    assert np.array_equal(decode(encoded(grey)), np.dstack([grey] * 3))
    assert np.abs(decode(palette.getvalue()).astype(int) - FIELD).mean() < 6


def test_it_lays_transparency_over_white() -> None:
    see_through = np.dstack([FIELD, np.zeros(FIELD.shape[:2], np.uint8)])

    assert (decode(encoded(see_through)) == 255).all()


def test_it_reads_cmyk() -> None:
    file = io.BytesIO()
    Image.fromarray(FIELD).convert("CMYK").save(file, format="TIFF")

    assert np.abs(decode(file.getvalue()).astype(int) - FIELD).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_photographs_upright(orientation: int) -> None:
    undo = {2: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6}
    turns = [
        lambda a: a[:, ::-1],
        lambda a: a[::-1, ::-1],
        lambda a: a[::-1],
        lambda a: a.swapaxes(0, 1),
        lambda a: np.rot90(a, 1),
        lambda a: a[::-1, ::-1].swapaxes(0, 1),
        lambda a: np.rot90(a, -1),
    ]
    stored = FIELD if orientation == 1 else np.ascontiguousarray(turns[undo[orientation]](FIELD))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, "PNG", exif=exif)

    assert np.array_equal(decode(data), FIELD)
    header = read_header(io.BytesIO(data))
    assert (header.width, header.height) == (120, 80)


def test_it_ignores_a_damaged_orientation() -> None:
    assert np.array_equal(decode(encoded(FIELD, "PNG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff")), FIELD)


def test_it_refuses_an_empty_file() -> None:
    assert refusal(b"") == header_refusal(b"") == "empty"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_it_refuses_a_truncated_file(form: str, cut: float) -> None:
    data = encoded(FIELD, form)

    assert refusal(data[: int(len(data) * cut)]) == "truncated"


def test_it_refuses_other_types_by_their_content() -> None:
    assert refusal(encoded(FIELD, "GIF")) == "unsupported_type"
    assert refusal(encoded(FIELD, "BMP")) == "unsupported_type"
    assert refusal(encoded(FIELD, "WEBP")) == "unsupported_type"
    assert refusal(b"%PDF-1.7 and so on") == "not_an_image"
    assert refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "not_an_image"


def test_it_refuses_more_than_50_megapixels_by_the_header() -> None:
    assert header_refusal(lying_png(10_000, MAX_PIXELS // 10_000 + 1)) == "too_many_pixels"
    assert header_refusal(lying_png(2**31 - 1, 2**31 - 1)) == "too_many_pixels"


def test_it_refuses_a_zero_sized_image() -> None:
    assert header_refusal(lying_png(0, 10)) in ("not_an_image", "too_small")


def test_it_refuses_an_image_below_the_minimum_side() -> None:
    assert refusal(encoded(FIELD[:1, :1]), minimum_side=32) == "too_small"


def test_it_refuses_several_pictures_in_one_file() -> None:
    second = [Image.fromarray(255 - FIELD)]
    for form in ("PNG", "TIFF"):
        data = encoded(FIELD, form, save_all=True, append_images=second)
        assert refusal(data) == header_refusal(data) == "several_frames"


@pytest.mark.parametrize("packing", ["group3", "group4", "tiff_ccitt"])
def test_it_refuses_fax_whose_decoder_fills_the_log(packing: str) -> None:
    fax = io.BytesIO()
    Image.fromarray(FIELD).convert("1").save(fax, "TIFF", compression=packing)
    assert refusal(fax.getvalue()) == header_refusal(fax.getvalue()) == "unsupported_pixels"


def test_it_refuses_floating_point_pixels() -> None:
    assert refusal(encoded(FIELD[..., 0].astype(np.float32), "TIFF")) == "unsupported_pixels"


@settings(max_examples=150, deadline=None)
@given(form=st.sampled_from(["PNG", "JPEG", "TIFF"]), data=st.data())
def test_it_survives_any_flipped_byte(form: str, data: st.DataObject) -> None:
    content = bytearray(encoded(FIELD[:24, :24], form))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        pixels = decode(bytes(content))
    except UnreadableImage:
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3


_READ_ALL = """
import io, resource, sys
from pathlib import Path
from mlcore.images import UnreadableImage, decode, read_header
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
for path in sorted(Path(sys.argv[1]).iterdir()):
    data = path.read_bytes()
    for read in (lambda: read_header(io.BytesIO(data)), lambda: decode(data)):
        try:
            read()
            print("read")
        except UnreadableImage as error:
            print(error.code)
"""


def test_it_survives_every_hostile_file(real_images: Path) -> None:
    files = list((real_images / "hostile").iterdir())

    done = subprocess.run(
        [sys.executable, "-c", _READ_ALL, str(real_images / "hostile")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2 * len(files)
