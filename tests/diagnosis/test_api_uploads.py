"""Sending images through the API: every file has its own outcome."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from clinic.models import AuditEvent
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from tests.factories import drawn_png, upload

Api = Callable[[str], Any]


@pytest.fixture
def send(api: Api, case: Case, model: ModelVersion) -> Callable[..., Any]:
    """Send files to the owner's case."""
    client = api("owner")
    return lambda *files: client.post(f"/api/v1/cases/{case.pk}/images/", {"files": files}, format="multipart")


def broken(name: str = "letter.png", content: bytes = b"Dear colleague") -> SimpleUploadedFile:
    return upload(name=name, content=content)


def gif() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (200, 200)).save(buffer, "GIF")
    return buffer.getvalue()


def test_an_image_is_taken_in_and_its_analysis_waits_at_an_address(api: Api, send: Callable[..., Any]) -> None:
    answer = send(upload(name="smear 1.png"))
    assert answer.status_code == 202
    (entry,) = answer.json()["files"]
    image, analysis = SlideImage.objects.get(), Analysis.objects.get()
    assert entry == {
        "name": "smear 1.png",
        "accepted": True,
        "is_new": True,
        "image": str(image.pk),
        "image_url": f"http://testserver/api/v1/images/{image.pk}/",
        "analysis": str(analysis.pk),
        "analysis_url": f"http://testserver/api/v1/analyses/{analysis.pk}/",
        "duplicates": [],
        "notice": None,
        "problem": None,
    }
    assert answer["Location"] == entry["analysis_url"]
    assert api("owner").get(answer["Location"]).json()["state"] == AnalysisState.QUEUED


def test_a_bad_file_spoils_no_sibling(send: Callable[..., Any]) -> None:
    answer = send(upload(seed=1), broken(), upload(seed=2), broken("empty.png", b""))
    assert answer.status_code == 202
    assert "Location" not in answer
    entries = answer.json()["files"]
    assert [entry["accepted"] for entry in entries] == [True, False, True, False]
    assert entries[1]["problem"] == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "not_an_image",
        "detail": "The file is damaged, or it is not an image.",
    }
    assert entries[3]["problem"]["code"] == "empty"
    assert SlideImage.objects.count() == Analysis.objects.count() == 2


def test_the_one_image_that_is_taken_in_has_the_location(send: Callable[..., Any]) -> None:
    answer = send(broken(), upload())
    assert answer["Location"] == answer.json()["files"][1]["analysis_url"]


def test_the_same_bytes_again_are_the_same_image(send: Callable[..., Any]) -> None:
    first, twin = send(upload(name="a.png"), upload(name="b.png")).json()["files"]
    assert (first["is_new"], twin["is_new"]) == (True, False)
    assert first["analysis"] == twin["analysis"]
    assert Analysis.objects.count() == 1


@pytest.mark.parametrize(
    ("contents", "status", "code"),
    [
        ([b"Dear colleague"], 400, "not_an_image"),
        ([b"Dear colleague", b""], 400, "all_files_refused"),
        ([gif()], 415, "unsupported_type"),
        ([gif(), gif()], 415, "all_files_refused"),
        ([gif(), b"Dear colleague"], 400, "all_files_refused"),
    ],
)
def test_when_no_file_can_be_taken_in_the_answer_is_a_problem(
    send: Callable[..., Any], contents: list[bytes], status: int, code: str
) -> None:
    answer = send(*(broken(f"{number}.png", content) for number, content in enumerate(contents)))
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert [entry["name"] for entry in answer.json()["files"]] == [f"{number}.png" for number in range(len(contents))]
    assert not SlideImage.objects.exists()


def test_files_that_are_all_too_large_are_too_large(send: Callable[..., Any], settings: Settings) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = 1000
    answer = send(upload(), upload(seed=1))
    assert answer.status_code == 413
    assert {entry["problem"]["code"] for entry in answer.json()["files"]} == {"too_large"}


def test_a_file_that_is_too_large_spoils_no_sibling(send: Callable[..., Any], settings: Settings) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = len(drawn_png())
    padded = upload(name="padded.png", content=drawn_png(seed=1) + bytes(10 * len(drawn_png())))
    assert [entry["accepted"] for entry in send(padded, upload()).json()["files"]] == [False, True]


def test_a_request_that_is_too_large_is_refused_by_its_length(send: Callable[..., Any], settings: Settings) -> None:
    settings.UPLOAD_MAX_REQUEST_BYTES = 1000
    answer = send(upload())
    assert answer.status_code == 413
    assert not SlideImage.objects.exists()


def test_the_body_of_a_request_that_is_too_large_is_not_read(api: Api, case: Case) -> None:
    kind = "multipart/form-data; boundary=x"
    address = f"/api/v1/cases/{case.pk}/images/"
    answer = api("owner").generic("POST", address, b"--x", content_type=kind, CONTENT_LENGTH=str(2 * 1024**3))
    assert answer.status_code == 413
    assert answer.wsgi_request.environ["wsgi.input"].read() == b"--x"


def test_more_files_than_a_request_may_hold_are_refused_plainly(send: Callable[..., Any]) -> None:
    answer = send(*(broken(f"{number}.png", b"x") for number in range(201)))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "Too many files at once. Send at most 200 a request."


def test_without_an_active_model_the_images_are_refused(api: Api, case: Case) -> None:
    answer = api("owner").post(f"/api/v1/cases/{case.pk}/images/", {"files": upload()}, format="multipart")
    assert answer.status_code == 409
    assert answer.json()["code"] == "no_model"


@pytest.mark.parametrize("body", [{}, {"files": "text"}, {"file": upload()}, {"files": upload(), "note": "x"}])
def test_what_is_not_a_file_named_files_is_refused(
    api: Api, case: Case, model: ModelVersion, body: dict[str, Any]
) -> None:
    answer = api("owner").post(f"/api/v1/cases/{case.pk}/images/", body, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not SlideImage.objects.exists()


@pytest.mark.parametrize("kind", ["image/png", "application/json", "multipart/mixed; boundary=x"])
def test_another_content_type_is_refused(api: Api, case: Case, kind: str) -> None:
    answer = api("owner").generic("POST", f"/api/v1/cases/{case.pk}/images/", drawn_png(), content_type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=" + "x" * 201),
        (b"--x\r\n", "multipart/form-data; boundary=\x00"),
    ],
)
def test_a_malformed_body_is_a_bad_request(api: Api, case: Case, body: bytes, kind: str) -> None:
    answer = api("owner").generic("POST", f"/api/v1/cases/{case.pk}/images/", body, content_type=kind)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def part(filename: str) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{filename}"\r\n\r\n'
    return head.encode("utf-8", "surrogateescape") + drawn_png() + b"\r\n"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..",
        "/",
        ".",
        "a." + "x" * 400,
        "ü" * 300 + ".png",
        "<script>alert(1)<.script>.png",
        "a\x00b.png",
        "C:\\smears\\1.png",
        "con.png",
        "&#x2f;..",
    ],
)
@pytest.mark.usefixtures("model")
def test_whatever_its_name_an_image_is_taken_in(api: Api, case: Case, name: str) -> None:
    body = part(name) + part("sibling.png").replace(drawn_png(), drawn_png(seed=1)) + b"--x--\r\n"
    answer = api("owner").generic(
        "POST", f"/api/v1/cases/{case.pk}/images/", body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 202
    assert [entry["accepted"] for entry in answer.json()["files"]] == [True, True]
    stored = SlideImage.objects.order_by("created_at").first()
    assert stored is not None
    assert stored.uploaded_name == answer.json()["files"][0]["name"]
    assert not set("/\\\x00") & set(stored.uploaded_name)


def test_a_name_that_is_not_utf8_is_a_bad_request(api: Api, case: Case, model: ModelVersion) -> None:
    body = part("sibling.png") + part("M\udcfcller.png") + b"--x--\r\n"
    address = f"/api/v1/cases/{case.pk}/images/"
    answer = api("owner").generic("POST", address, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert not SlideImage.objects.exists()


def test_it_notes_each_image(send: Callable[..., Any]) -> None:
    send(upload(seed=1), upload(seed=2), broken())
    assert AuditEvent.objects.filter(action="image.uploaded").count() == 2
