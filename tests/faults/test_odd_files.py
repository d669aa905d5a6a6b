"""Odd, damaged and hostile files through the real upload: a clear answer each, no dead worker, no lost sibling."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diagnosis.models import Analysis, AnalysisState, Case, SlideImage
from diagnosis.models.analysis import PENDING
from diagnosis.services import file_store
from mlcore.synthetic import draw
from tests.api_client import ApiClient
from tests.factories import drawn_png
from tests.faults.mutated import TOGETHER, changed, send
from tests.faults.proof import problems
from tests.faults.traffic import Traffic
from tests.stack import Program, Stack
from tests.waiting import wait_until

SIDE = 224
FEW_CHANGED, SEED = 100, 3


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def smear() -> Image.Image:
    return Image.fromarray(draw("leukemia", "Pre", 1))


def sixteen_bits() -> bytes:
    grey = np.asarray(smear().convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(grey), "PNG")


def rotated_by_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown upright after a quarter turn clockwise
    return encoded(smear().resize((SIDE, 2 * SIDE)), "JPEG", exif=exif)


READABLE = {
    "cmyk.jpg": encoded(smear().convert("CMYK"), "JPEG"),
    "16 bit.png": sixteen_bits(),
    "palette.png": encoded(smear().convert("P"), "PNG"),
    "grey.png": encoded(smear().convert("L"), "PNG"),
    "alpha.png": encoded(smear().convert("RGBA"), "PNG"),
    "lzw.tif": encoded(smear(), "TIFF", compression="tiff_lzw"),
    "a jpeg called.png": encoded(smear(), "JPEG"),
    "turned.jpg": rotated_by_exif(),
    "<img src=x onerror=alert(1)>.png": encoded(smear(), "PNG", optimize=True),
    "long and thin.png": encoded(smear().resize((SIDE, 20_000)), "PNG"),
    "large.jpg": encoded(smear().resize((7_000, 7_000)), "JPEG"),
}
CUT_OFF = {
    "cut.png": drawn_png(seed=7)[:-4_000],
    "cut.jpg": encoded(smear(), "JPEG")[:-3_000],
    "cut.tif": encoded(smear(), "TIFF")[: 3 * SIDE * SIDE // 2],
}
REFUSED = {
    "empty.png": b"",
    "text.png": b"this is a letter, not an image",
    "page.pdf": b"%PDF-1.7\n",
    "one pixel.png": encoded(Image.new("RGB", (1, 1)), "PNG"),
    "huge.png": encoded(Image.new("1", (10_000, 10_000)), "PNG"),
    "animated.png": encoded(smear(), "PNG", save_all=True, append_images=[Image.new("RGB", (SIDE, SIDE))]),
    "fifty-one megabytes.png": drawn_png() + bytes(51 * 1024 * 1024),
}


def settled() -> bool:
    return not Analysis.objects.filter(state__in=PENDING).exists()


def is_unharmed(worker: Program) -> bool:
    return worker.process.poll() is None and "WorkerLost" not in worker.log.read_text()


def test_what_can_be_read_is_normalised_and_analysed(stack: Stack, program: ApiClient, case: Case) -> None:
    worker = stack.start_worker()
    assert program.upload(case.pk, READABLE).status_code == 202
    wait_until(settled, what="all results")
    states = dict(Analysis.objects.values_list("image__uploaded_name", "state"))
    assert states == dict.fromkeys(READABLE, AnalysisState.SUCCEEDED)
    for image in SlideImage.objects.all():
        with Image.open(io.BytesIO(file_store.get(image.display_sha256))) as shown:
            assert (shown.mode, shown.format) == ("RGB", "PNG")
            assert (shown.width > shown.height) == (image.width > image.height)
    turned = SlideImage.objects.get(uploaded_name="turned.jpg")
    assert (turned.width, turned.height) == (2 * SIDE, SIDE)
    assert is_unharmed(worker)


def test_a_cut_off_image_fails_with_a_plain_reason(stack: Stack, program: ApiClient, case: Case) -> None:
    worker = stack.start_worker()
    assert program.upload(case.pk, CUT_OFF | {"good.png": drawn_png()}).status_code == 202
    wait_until(settled, what="all results")
    assert Analysis.objects.get(image__uploaded_name="good.png").state == AnalysisState.SUCCEEDED
    failed = Analysis.objects.filter(state=AnalysisState.FAILED)
    assert {one.image.uploaded_name for one in failed} == set(CUT_OFF)
    assert all("cut off" in one.failure_message or "damaged" in one.failure_message for one in failed)
    assert is_unharmed(worker)


def test_what_cannot_be_read_is_refused_and_spoils_no_sibling(stack: Stack, program: ApiClient, case: Case) -> None:
    answer = program.upload(case.pk, REFUSED | {"good.png": drawn_png()})
    assert answer.status_code == 202
    assert [image.uploaded_name for image in SlideImage.objects.all()] == ["good.png"]
    assert program.upload(case.pk, {"text.png": REFUSED["text.png"]}).status_code in {400, 415}


def test_every_changed_file_gets_an_answer_and_spoils_no_sibling(stack: Stack, program: ApiClient, case: Case) -> None:
    worker = stack.start_worker()
    traffic = Traffic(program.address, program.token, [case.pk])
    sent = send(changed(range(FEW_CHANGED), seed=SEED), traffic)
    wait_until(settled, what="all results")
    assert sent.wrong == []
    assert set(sent.answers) == set(range(FEW_CHANGED))
    assert set(sent.ends().values()) <= {"succeeded", "failed: not_an_image", "failed: truncated"}
    assert {"succeeded", "failed: not_an_image"} <= set(sent.ends().values())
    assert len(traffic.acknowledged) == -(-FEW_CHANGED // TOGETHER)
    assert problems(traffic) == []
    assert is_unharmed(worker)


def test_every_hostile_file_gets_an_answer(stack: Stack, program: ApiClient, case: Case, real_images: Path) -> None:
    worker = stack.start_worker()
    files = sorted(path for path in (real_images / "hostile").iterdir() if path.is_file())
    assert files
    for start in range(0, len(files), 20):
        batch = [(path.name, path.read_bytes()) for path in files[start : start + 20]]
        answer = program.upload(case.pk, [*batch, (f"good {start}.png", drawn_png(seed=start))])
        assert answer.status_code == 202, answer.text
    wait_until(settled, what="all results", seconds=300)
    good = Analysis.objects.filter(image__uploaded_name__startswith="good ")
    assert set(good.values_list("state", flat=True)) == {AnalysisState.SUCCEEDED}
    assert not Analysis.objects.filter(state=AnalysisState.QUARANTINED).exists()
    assert all(one.failure_message for one in Analysis.objects.filter(state=AnalysisState.FAILED))
    assert is_unharmed(worker)
