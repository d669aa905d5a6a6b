"""How large a pixel is: only where the header says it credibly."""

import io
from typing import Any

import pytest
from PIL import Image, TiffImagePlugin

from mlcore.images import read_header

OME = '<?xml version="1.0"?><OME><Pixels PhysicalSizeX="{}" PhysicalSizeY="{}" {}/></OME>'


def tiff(*, x: float = 0, y: float = 0, unit: int = 0, description: str = "") -> io.BytesIO:
    """A small TIFF with these tags; what is empty is left out."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for number, value in {282: x, 283: y or x, 296: unit, 270: description}.items():
        if value:
            tags[number] = value
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "TIFF", tiffinfo=tags)
    file.seek(0)
    return file


def read(**tags: Any) -> float | None:
    return read_header(tiff(**tags)).micrometres_per_pixel


def test_pixels_a_centimetre_are_read() -> None:
    assert read(x=40_000, unit=3) == pytest.approx(0.25)


@pytest.mark.parametrize("dots", [72, 96, 300, 600, 25_400])
def test_dots_an_inch_say_nothing_of_a_specimen(dots: int) -> None:
    assert read(x=dots, unit=2) is None


@pytest.mark.parametrize("x", [28.346, 37.795, 1, 1_000_000])
def test_a_resolution_that_no_microscope_has_is_not_believed(x: float) -> None:
    assert read(x=x, unit=3) is None


def test_pixels_that_are_not_square_have_no_one_size() -> None:
    assert read(x=40_000, y=20_000, unit=3) is None


@pytest.mark.parametrize(("unit", "x"), [("micron", 4), ("um", 4), ("\\u00B5m", 4), ("nm", 0.004), ("cm", 40_000)])
def test_imagejs_unit_is_read(unit: str, x: float) -> None:
    assert read(x=x, unit=1, description=f"ImageJ=1.54f\nunit={unit}\nmin=0.0\n") == pytest.approx(0.25)


@pytest.mark.parametrize("description", ["ImageJ=1.54f\nunit=inch\n", "ImageJ=1.54f\nunit=pixel\n", "ImageJ=1.54f\n"])
def test_another_unit_of_imagej_is_not_guessed(description: str) -> None:
    assert read(x=40_000, unit=3, description=description) is None


def test_ome_is_read_and_goes_before_the_tags() -> None:
    assert read(x=72, unit=2, description=OME.format("0.5", "0.5", "")) == pytest.approx(0.5)
    in_nanometres = OME.format("325", "325", 'PhysicalSizeXUnit="nm" PhysicalSizeYUnit="nm"')
    assert read(description=in_nanometres) == pytest.approx(0.325)


@pytest.mark.parametrize(
    "description",
    [
        OME.format("many", "0.5", ""),
        OME.format("0", "0", ""),
        OME.format("nan", "nan", ""),
        OME.format("0.5", "0.5", 'PhysicalSizeXUnit="parsec"'),
        "<OME>",
    ],
)
def test_metadata_that_makes_no_sense_says_nothing_and_the_image_is_still_read(description: str) -> None:
    header = read_header(tiff(description=description))
    assert (header.width, header.micrometres_per_pixel) == (40, None)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_other_kinds_of_files_only_know_the_printer(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, kind, dpi=(101_600, 101_600) if kind == "PNG" else (300, 300))
    file.seek(0)
    assert read_header(file).micrometres_per_pixel is None
