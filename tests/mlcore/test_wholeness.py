"""Seeing that an image is cut off or damaged without decoding a pixel of it."""

import io
from typing import Any

import pytest
from PIL import Image

from mlcore.images import UnreadableImage, check_whole
from mlcore.synthetic import draw_smear

FIELD = draw_smear("Pre", 1, size=120)
KINDS: dict[str, dict[str, Any]] = {
    "PNG": {"format": "PNG"},
    "JPEG": {"format": "JPEG"},
    "progressive JPEG": {"format": "JPEG", "progressive": True},
    "TIFF": {"format": "TIFF"},
    "packed TIFF": {"format": "TIFF", "compression": "tiff_lzw"},
}


def encoded(**options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(FIELD).save(file, **options)
    return file.getvalue()


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def content(request: pytest.FixtureRequest) -> bytes:
    return encoded(**request.param)


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        check_whole(content)
    return refused.value.code


def test_a_whole_image_passes(content: bytes) -> None:
    check_whole(content)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_an_image_that_is_cut_off_is_refused(content: bytes, share: float) -> None:
    assert refusal(content[: int(len(content) * share)]) in {"truncated", "not_an_image"}


def test_a_changed_byte_of_a_png_is_seen() -> None:
    content = bytearray(encoded(format="PNG"))
    content[len(content) // 2] ^= 1
    assert refusal(bytes(content)) == "not_an_image"


def test_a_whole_preview_does_not_hide_that_the_picture_is_cut_off() -> None:
    """A camera's preview is a JPEG of its own inside the metadata, with an end of its own."""
    preview = b"\xff\xe1" + (2 + 8).to_bytes(2, "big") + b"\xff\xd8\xff\xda\x00\x00\xff\xd9"
    plain = encoded(format="JPEG")
    content = plain[:2] + preview + plain[2:]
    check_whole(content)
    assert refusal(content[:-40]) == "truncated"


def test_no_pixel_is_decoded(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoding(*_: object, **__: object) -> None:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoding)
    check_whole(content)
