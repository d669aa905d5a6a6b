"""Only pixels reach a browser: nothing that rode along in the file that was uploaded comes out anywhere."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from PIL import Image, ImageCms, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo
from pytest_django import Settings

from clinic.models import User
from diagnosis.models import Case, ModelVersion, SlideImage
from diagnosis.services import analysing, file_store
from diagnosis.services.model_registry import activate_model, register_model
from diagnosis.services.uploads import accept_image
from mlcore.synthetic import draw
from tests.addresses import every_address, things_of
from tests.factories import upload

BUNDLE = Path(__file__).resolve().parents[2] / "bundles" / "leukemia.bundle"
MARKER = b"ZZMARKER"
NAME = "ZZMARKER, Zacharias"
PIXELS_ONLY = {b"IHDR", b"IDAT", b"IEND"}
WITH_PALETTE = PIXELS_ONLY | {b"PLTE", b"tRNS"}


def encoded(kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw("leukemia", "Pre", 1)).save(buffer, kind, **options)
    return buffer.getvalue()


def exif() -> Image.Exif:
    """What a camera and a careless program write: names, a comment, where it was."""
    notes = Image.Exif()
    notes[0x010E] = notes[0x013B] = notes[0x8298] = NAME  # description, artist, copyright
    notes.get_ifd(0x8769)[0x9286] = NAME.encode()  # the user's comment
    notes.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0), 29: NAME})
    return notes


def profile() -> bytes:
    """A colour profile with the name at its end, as a maker's description may hold it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + NAME.encode()


def png_notes() -> PngInfo:
    notes = PngInfo()
    notes.add_text("Patient", NAME)
    notes.add_text("Packed", NAME * 20, zip=True)
    notes.add_itxt("International", NAME, "en", NAME)
    notes.add(b"tIME", MARKER[:7])
    notes.add(b"zzMk", NAME.encode())  # a chunk nobody knows
    return notes


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{NAME}.html", "<script>alert('ZZMARKER')</script>")
    return buffer.getvalue()


def tiff_notes() -> TiffImagePlugin.ImageFileDirectory_v2:
    notes = TiffImagePlugin.ImageFileDirectory_v2()
    notes[270] = notes[315] = notes[33432] = NAME
    notes[700] = f"<x:xmpmeta>{NAME}</x:xmpmeta>".encode()
    notes.tagtype[700] = 1
    return notes


HTML = b"<html><script>document.title='ZZMARKER'</script>"
ORIGINALS = {
    "camera.jpg": encoded("JPEG", exif=exif(), comment=NAME, icc_profile=profile(), quality=95),
    "xmp.jpg": encoded("JPEG", xmp=f"<x:xmpmeta>{NAME}</x:xmpmeta>".encode(), quality=95),
    "chunks.png": encoded("PNG", pnginfo=png_notes(), exif=exif(), icc_profile=profile()),
    "page behind.png": encoded("PNG") + HTML,
    "page behind.jpg": encoded("JPEG", quality=95) + HTML,
    "archive behind.png": encoded("PNG") + zipped(),
    "archive behind.jpg": encoded("JPEG", quality=95) + zipped(),
    "tags.tif": encoded("TIFF", tiffinfo=tiff_notes(), icc_profile=profile()),
}


@pytest.fixture
def worker(db: None) -> Callable[[], None]:
    """Does what a worker does with all that waits."""
    model = activate_model(model=register_model(content=BUNDLE.read_bytes()))

    def work() -> None:
        while analysing.analyse_next_batch(model_version_id=model.pk):
            pass

    return work


def chunks(png: bytes) -> Iterator[bytes]:
    """The kinds of a PNG's chunks; what follows the last one counts as a chunk, too."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    place = 8
    while place < len(png):
        size, kind = struct.unpack(">I4s", png[place : place + 8])
        yield kind
        place += 12 + size
    assert place == len(png)


def chunks_of(kind: str) -> set[bytes]:
    """What a picture of ours consists of; those that are laid over another have few colours."""
    return WITH_PALETTE if kind in {"outline", "map"} else PIXELS_ONLY


def test_nothing_that_rode_along_comes_out_of_any_address(
    owner: User,
    case: Case,
    worker: Callable[[], None],
    web: Callable[[str], Client],
    api: Callable[[str], Client],
) -> None:
    assert all(MARKER in original for original in ORIGINALS.values())
    for name, original in ORIGINALS.items():
        accept_image(case=case, uploaded_by=owner, file=upload(name=name, content=original))
    worker()
    clients = (web("owner"), api("owner"))
    asked: set[str] = set()
    for image in SlideImage.objects.all():
        original = ORIGINALS[image.uploaded_name]
        pictures = 0
        own = [one for one in every_address(things_of(image.analyses.get().prediction)) if one.path not in asked]
        asked.update(one.path for one in own)
        for address in own:
            for client in clients:
                response = client.get(address.path)
                if response.streaming:  # files to keep, which no browser shows: a record's export, and figures
                    b"".join(response)
                    assert response.headers["Content-Type"] in {"application/zip", "text/csv; charset=utf-8"}
                    assert response.headers["Content-Disposition"].startswith("attachment")
                    continue
                assert MARKER not in response.content, (image.uploaded_name, address)
                assert not any(one[:200] in response.content for one in ORIGINALS.values()), address
                if response.headers.get("Content-Type") == "image/png":
                    assert set(chunks(response.content)) == PIXELS_ONLY, (image.uploaded_name, address)
                    pictures += 1
        assert pictures >= 3
        assert file_store.get(image.sha256) == original  # kept as it came


@pytest.mark.parametrize("kind", ["display", "thumbnail", "mask", "outline", "map"])
def test_every_kind_of_picture_holds_pixels_and_nothing_else(
    owner: User, case: Case, worker: Callable[[], None], web: Callable[[str], Client], kind: str
) -> None:
    content = ORIGINALS["chunks.png"]
    image = accept_image(case=case, uploaded_by=owner, file=upload(content=content)).analysis.image
    worker()
    for address in (f"/images/{image.pk}/{kind}", f"/api/v1/images/{image.pk}/files/{kind}/"):
        answer = web("owner").get(address)
        assert set(chunks(answer.content)) == chunks_of(kind)
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", ["original", "file", "raw", "sha256", "uploaded", "download"])
def test_there_is_no_address_for_the_original(
    owner: User, case: Case, model: ModelVersion, web: Callable[[str], Client], api: Callable[[str], Client], kind: str
) -> None:
    image = accept_image(case=case, uploaded_by=owner, file=upload()).analysis.image
    for address in (
        f"/images/{image.pk}/{kind}",
        f"/media/{file_store.name_of(image.sha256)}",
        f"/{file_store.name_of(image.sha256)}",
        f"/static/../media/{file_store.name_of(image.sha256)}",
    ):
        assert web("owner").get(address).status_code == 404
    assert api("owner").get(f"/api/v1/images/{image.pk}/files/{kind}/").status_code == 404


class TestByTheProxy:
    """FILE_DELIVERY=x-accel: the process checks and names the file, the reverse proxy sends it."""

    @pytest.fixture(autouse=True)
    def _by_proxy(self, settings: Settings) -> None:
        settings.FILE_DELIVERY = "x-accel"

    @pytest.fixture
    def image(self, owner: User, case: Case, worker: Callable[[], None]) -> SlideImage:
        image = accept_image(case=case, uploaded_by=owner, file=upload()).analysis.image
        worker()
        return SlideImage.objects.get(pk=image.pk)

    @pytest.mark.parametrize("kind", ["display", "thumbnail", "mask", "outline", "map"])
    def test_the_answer_names_the_file_and_holds_none_of_it(
        self, image: SlideImage, web: Callable[[str], Client], kind: str
    ) -> None:
        for address in (f"/images/{image.pk}/{kind}", f"/api/v1/images/{image.pk}/files/{kind}/"):
            answer = web("owner").get(address)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["Content-Type"] == "image/png"
            named = Path(configured.MEDIA_ROOT) / answer.headers["X-Accel-Redirect"].lstrip("/")
            assert set(chunks(named.read_bytes())) == chunks_of(kind)

    def test_a_damaged_file_is_not_named(self, image: SlideImage, web: Callable[[str], Client]) -> None:
        path = Path(configured.MEDIA_ROOT) / file_store.name_of(image.display_sha256)
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        for address in (f"/images/{image.pk}/display", f"/api/v1/images/{image.pk}/files/display/"):
            answer = web("owner").get(address)
            assert answer.status_code in {500, 503}
            assert "X-Accel-Redirect" not in answer.headers

    @pytest.mark.parametrize("who", ["stranger", "administrator", "auditor", "anonymous"])
    def test_others_learn_no_name(self, image: SlideImage, web: Callable[[str], Client], who: str) -> None:
        answer = web(who).get(f"/images/{image.pk}/display")
        assert answer.status_code in {302, 404}
        assert "X-Accel-Redirect" not in answer.headers
