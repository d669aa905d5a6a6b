"""Whole files in every way that an image of ours may be stored."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from mlcore.synthetic import draw_smear

SIDE = 128
TILE = 64


@cache
def original(name: str) -> bytes:
    """A whole file."""
    return ORIGINALS[name]()


@cache
def drawn() -> Image.Image:
    """A drawn smear."""
    return Image.fromarray(draw_smear("Pre", 1, size=SIDE))


def encoded(form: str, *, mode: str = "RGB", **options: Any) -> Callable[[], bytes]:
    """The smear, encoded in that way when it is asked for."""

    def encode() -> bytes:
        file = io.BytesIO()
        image = deep() if mode == "I;16" else drawn().convert(mode)
        image.save(file, form, **options)
        return file.getvalue()

    return encode


def deep() -> Image.Image:
    """The smear in 16 bits a pixel."""
    return Image.fromarray(np.asarray(drawn().convert("L")).astype(np.uint16) * 257)


def turned() -> bytes:
    """Metadata that a camera writes: the picture lies on its side."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8769] = 6, "A camera", {0x9003: "2026:01:02 03:04:05"}
    return exif.tobytes()


def several_pages() -> bytes:
    """A TIFF of three pictures."""
    return encoded("TIFF", save_all=True, append_images=[drawn(), drawn()])()


def tiled(*, deflated: bool) -> Callable[[], bytes]:
    """A TIFF of four tiles, as microscopes' programs write them; Pillow writes strips alone."""

    def encode() -> bytes:
        pixels = np.asarray(drawn())
        corners = [(row, column) for row in range(0, SIDE, TILE) for column in range(0, SIDE, TILE)]
        tiles = [pixels[row : row + TILE, column : column + TILE].tobytes() for row, column in corners]
        return _tiff([zlib.compress(tile) for tile in tiles] if deflated else tiles, compression=8 if deflated else 1)

    return encode


def _tiff(tiles: list[bytes], *, compression: int) -> bytes:
    places = [8 + sum(map(len, tiles[:number])) for number in range(len(tiles))]
    behind = 8 + sum(map(len, tiles))
    lists = struct.pack("<3H", 8, 8, 8) + struct.pack(f"<{2 * len(tiles)}I", *places, *map(len, tiles))
    offsets = behind + 6
    entries = [
        (256, 3, 1, SIDE),
        (257, 3, 1, SIDE),
        (258, 3, 3, behind),
        (259, 3, 1, compression),
        (262, 3, 1, 2),
        (277, 3, 1, 3),
        (322, 3, 1, TILE),
        (323, 3, 1, TILE),
        (324, 4, len(tiles), offsets),
        (325, 4, len(tiles), offsets + 4 * len(tiles)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    start = behind + len(lists)
    return b"II*\0" + struct.pack("<I", start) + b"".join(tiles) + lists + directory + bytes(4)


ORIGINALS: Mapping[str, Callable[[], bytes]] = {
    "colour.png": encoded("PNG"),
    "grey.png": encoded("PNG", mode="L"),
    "palette.png": encoded("PNG", mode="P"),
    "transparent.png": encoded("PNG", mode="RGBA"),
    "sixteen bits.png": encoded("PNG", mode="I;16"),
    "one bit.png": encoded("PNG", mode="1"),
    "baseline.jpg": encoded("JPEG"),
    "progressive.jpg": encoded("JPEG", progressive=True),
    "full colour.jpg": encoded("JPEG", subsampling=0, quality=95),
    "grey.jpg": encoded("JPEG", mode="L"),
    "cmyk.jpg": encoded("JPEG", mode="CMYK"),
    "turned.jpg": encoded("JPEG", exif=turned(), progressive=True),
    "plain.tif": encoded("TIFF"),
    "lzw.tif": encoded("TIFF", compression="tiff_lzw"),
    "deflate.tif": encoded("TIFF", compression="tiff_adobe_deflate"),
    "packed bits.tif": encoded("TIFF", compression="packbits"),
    "fax.tif": encoded("TIFF", mode="1", compression="group4"),
    "jpeg inside.tif": encoded("TIFF", compression="jpeg"),
    "cmyk.tif": encoded("TIFF", mode="CMYK", compression="tiff_lzw"),
    "sixteen bits.tif": encoded("TIFF", mode="I;16"),
    "palette.tif": encoded("TIFF", mode="P"),
    "several pages.tif": several_pages,
    "tiled.tif": tiled(deflated=False),
    "tiled deflate.tif": tiled(deflated=True),
    "big.tif": encoded("TIFF", big_tiff=True, compression="tiff_lzw"),
}
