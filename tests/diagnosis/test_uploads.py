"""Taking in images: the header decides, nothing is decoded, and what is taken in cannot get lost."""

import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clinic.models import AuditEvent, User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from diagnosis.services import file_store
from diagnosis.services.uploads import Upload, UploadRefused, accept_image, accept_images
from tests.factories import drawn_png, upload


def picture(*, mode: str = "RGB", size: tuple[int, int] = (224, 224), kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(case: Case, user: User, content: bytes) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        accept_image(case=case, uploaded_by=user, file=upload(content=content))
    assert SlideImage.objects.count() == 0
    return caught.value


def test_it_stores_the_image_and_queues_its_analysis(case: Case, model: ModelVersion, owner: User) -> None:
    content = drawn_png()
    taken = accept_image(case=case, uploaded_by=owner, file=upload(name="smear 1.png", content=content))
    image = taken.analysis.image
    assert taken.is_new
    assert (image.uploaded_name, image.width, image.height, image.file_format) == ("smear 1.png", 224, 224, "PNG")
    assert (taken.analysis.state, taken.analysis.model_version) == (AnalysisState.QUEUED, model)
    assert file_store.get(image.sha256) == content
    event = AuditEvent.objects.get(action="image.uploaded")
    assert (event.actor, event.patient_id, event.subject_id) == (owner, case.patient_id, str(image.pk))
    assert "smear" not in str(event.detail)


def test_the_same_bytes_twice_are_one_image_of_the_case(case: Case, model: ModelVersion, owner: User) -> None:
    first = accept_image(case=case, uploaded_by=owner, file=upload(name="one.png"))
    again = accept_image(case=case, uploaded_by=owner, file=upload(name="two.png"))
    assert not again.is_new
    assert again.analysis == first.analysis
    assert Analysis.objects.count() == 1


def test_the_workers_are_woken_with_an_id_alone(
    case: Case,
    model: ModelVersion,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent: list[tuple[str, list[str]]] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, name, args: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        accept_image(case=case, uploaded_by=owner, file=upload())
    assert sent == [("diagnosis.tasks.analyse_queued", [str(model.pk)])]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not an image", "not_an_image"),
        (picture(size=(1, 1)), "too_small"),
        (picture(size=(8_000, 8_000)), "too_many_pixels"),
        (picture(kind="GIF", mode="P"), "unsupported_type"),
        (picture(save_all=True, append_images=[Image.new("RGB", (224, 224), "red")]), "several_frames"),
        (picture(kind="TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]), "several_frames"),
    ],
    ids=["empty", "pdf", "one pixel", "64 megapixels", "gif", "animated png", "two pages"],
)
def test_it_refuses_what_it_cannot_read(
    case: Case, model: ModelVersion, owner: User, content: bytes, code: str
) -> None:
    refused = refusal(case, owner, content)
    assert refused.code == code
    assert refused.message.endswith(".")


def test_it_refuses_more_than_50_mb(case: Case, model: ModelVersion, owner: User, settings: Settings) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = 1024
    assert refusal(case, owner, drawn_png()).code == "too_large"


def test_it_takes_every_file_of_a_request_on_its_own(case: Case, model: ModelVersion, owner: User) -> None:
    files: list[SimpleUploadedFile] = [upload(seed=1), upload(name="bad.png", content=b"no"), upload(seed=2)]
    outcomes = accept_images(case=case, uploaded_by=owner, files=files)
    assert [type(outcome) for _, outcome in outcomes] == [Upload, UploadRefused, Upload]
    assert SlideImage.objects.count() == 2


def test_without_an_active_model_it_says_so_and_stores_nothing(case: Case, owner: User) -> None:
    assert refusal(case, owner, drawn_png()).code == "no_model"


def test_a_stranger_adds_nothing(case: Case, model: ModelVersion, stranger: User) -> None:
    with pytest.raises(PermissionDenied):
        accept_image(case=case, uploaded_by=stranger, file=upload())
    assert SlideImage.objects.count() == 0
