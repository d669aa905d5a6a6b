"""Sending images to a case, and the list that keeps itself up to date."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from clinic.models import User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from diagnosis.services import analysis_queue
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory, upload

JSON = {"Accept": "application/json"}
EVIL = "<script>alert(1)</script>.png"


def address(case: Case) -> str:
    return f"/cases/{case.pk}/images/"


def test_every_file_of_a_request_has_its_own_outcome(owner_client: Client, case: Case, model: ModelVersion) -> None:
    files = [
        upload(name="first.png", seed=1),
        upload(name="empty.png", content=b""),
        upload(name="letter.png", content=b"Dear colleague"),
        upload(name="again.png", seed=1),
        upload(name="last.png", seed=2),
    ]
    response = owner_client.post(address(case), {"images": files}, headers=JSON)
    assert response.status_code == 202
    first, empty, letter, again, last = response.json()["images"]
    assert (first["accepted"], first["is_new"], first["name"]) == (True, True, "first.png")
    assert (empty["accepted"], empty["code"], empty["message"]) == (False, "empty", "The file is empty.")
    assert letter["code"] == "not_an_image"
    assert (again["accepted"], again["is_new"], again["address"]) == (True, False, first["address"])
    assert last["accepted"]
    assert owner_client.get(first["address"]).status_code == 200
    assert SlideImage.objects.filter(case=case).count() == 2


def test_it_answers_400_when_no_file_was_taken_in(owner_client: Client, case: Case, model: ModelVersion) -> None:
    response = owner_client.post(address(case), {"images": upload(content=b"no")}, headers=JSON)
    assert response.status_code == 400


def test_without_a_script_it_returns_to_the_case(owner_client: Client, case: Case, model: ModelVersion) -> None:
    response = owner_client.post(address(case), {"images": [upload(seed=1), upload(seed=2)]}, follow=True)
    assert response.redirect_chain == [(f"/cases/{case.pk}/", 302)]
    assert "2 images were received." in response.content.decode()


def test_without_a_script_a_page_names_what_was_refused(owner_client: Client, case: Case, model: ModelVersion) -> None:
    files = [upload(name="good.png"), SimpleUploadedFile(EVIL, b"no image")]
    response = owner_client.post(address(case), {"images": files})
    page = response.content.decode()
    assert response.status_code == 202
    assert "good.png" in page
    assert "it is not an image" in page
    assert EVIL not in page
    assert case.patient.record_number in page


def test_it_says_so_when_nothing_was_chosen(owner_client: Client, case: Case, model: ModelVersion) -> None:
    response = owner_client.post(address(case))
    assert response.status_code == 400
    assert "No image was chosen." in response.content.decode()


def test_more_files_than_allowed_are_refused_in_a_sentence(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    files = [SimpleUploadedFile(f"{number}.png", b"x") for number in range(201)]
    response = owner_client.post(address(case), {"images": files}, headers=JSON)
    assert response.status_code == 400
    assert response.json() == {"message": "Please send at most 200 images at a time. None was taken in."}


class Untouched(BytesIO):
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize("headers", [{}, JSON])
def test_too_large_a_request_is_refused_before_its_body_is_read(
    owner: User, case: Case, model: ModelVersion, settings: Settings, headers: dict[str, str]
) -> None:
    settings.UPLOAD_MAX_REQUEST_BYTES = 5 * 1024**2
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    sent: Any = {"CONTENT_LENGTH": str(5 * 1024**2 + 1), "wsgi.input": Untouched()}
    kind = "multipart/form-data; boundary=x"
    response = client.generic("POST", address(case), content_type=kind, headers=headers, **sent)
    assert response.status_code == 413
    assert "One upload holds at most 5 MB." in response.content.decode()


def test_a_forged_upload_is_refused(owner: User, case: Case, model: ModelVersion) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(address(case), {"images": upload()}).status_code == 403
    assert not SlideImage.objects.exists()


def test_a_garbled_body_is_answered_in_plain_words(owner_client: Client, case: Case) -> None:
    response = owner_client.generic("POST", address(case), b"--x\r\n", content_type="multipart/form-data; boundary=")
    assert response.status_code == 400
    assert "could not be read" in response.content.decode()


def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)


def run(analysis: Analysis) -> None:
    Analysis.objects.filter(pk=analysis.pk).update(
        state=AnalysisState.RUNNING, lease_token=uuid.uuid4(), lease_expires_at="2999-01-01T00:00Z", attempts=1
    )


def test_it_shows_the_place_in_the_whole_queue(owner_client: Client, case: Case, model: ModelVersion) -> None:
    elsewhere = [AnalysisFactory.create(model_version=model) for _ in range(3)]
    waiting(case, model)
    AnalysisFactory.create(model_version=model)
    waiting(case, model)
    run(elsewhere[0])
    page = owner_client.get(address(case)).context["statuses"]
    assert [status.queue_position for status in page] == [3, 5]


def test_it_polls_only_while_something_is_pending(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = ImageFactory.create(case=case)
    PredictionFactory.create(analysis__image=image, analysis__model_version=model)
    assert ", every" not in owner_client.get(address(case)).content.decode()
    waiting(case, model)
    assert "every 500ms" in owner_client.get(address(case)).content.decode()


@pytest.mark.parametrize(("count", "seconds"), [(1, 11), (5, 0)])
def test_it_polls_less_for_many_images_and_for_those_that_wait_for_long(
    count: int, seconds: int, owner_client: Client, case: Case, model: ModelVersion
) -> None:
    for _each in range(count):
        waiting(case, model)
    fresh = owner_client.get(address(case))
    Analysis.objects.update(queued_at=timezone.now() - timedelta(seconds=seconds))
    assert "every 2s" in owner_client.get(address(case)).content.decode()
    again = owner_client.get(f"{address(case)}?seen={fresh.context['seen']}")
    assert again.status_code == (200 if seconds else 204)  # the page learns that it is to ask less


def test_it_sends_nothing_while_nothing_has_changed(owner_client: Client, case: Case, model: ModelVersion) -> None:
    analysis = waiting(case, model)
    seen = owner_client.get(address(case)).context["seen"]
    assert owner_client.get(address(case), {"seen": seen}).status_code == 204
    run(analysis)
    response = owner_client.get(address(case), {"seen": seen})
    assert response.status_code == 200
    assert "Being analysed" in response.content.decode()


def test_it_takes_as_many_queries_for_one_image_as_for_many(
    owner_client: Client, case: Case, model: ModelVersion, django_assert_num_queries: Callable[[int], Any]
) -> None:
    waiting(case, model)
    # Session, person, case, looks; images counted and read, analyses, predictions, queue and pace; counts; then how
    # far the case is read: its images, readings and requests.
    expected = 14
    with django_assert_num_queries(expected + 1):  # the look
        owner_client.get(address(case))
    for _ in range(20):
        waiting(case, model)
    with django_assert_num_queries(expected):
        owner_client.get(address(case))


def test_many_images_come_in_pages(owner_client: Client, case: Case, model: ModelVersion) -> None:
    images = [ImageFactory.create(case=case) for _ in range(203)]
    assert len(owner_client.get(address(case)).context["statuses"]) == 200
    rest = owner_client.get(address(case), {"page": "2"}).context["statuses"]
    assert [status.image for status in rest] == images[200:]


def test_of_hostile_files_each_gets_its_answer_and_none_an_error(
    owner_client: Client, case: Case, model: ModelVersion, real_images: Path
) -> None:
    paths = sorted(path for path in (real_images / "hostile").rglob("*") if path.is_file())
    for start in range(0, len(paths), 100):
        files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths[start : start + 100]]
        response = owner_client.post(address(case), {"images": [*files, upload(seed=start)]}, headers=JSON)
        outcomes = response.json()["images"]
        assert len(outcomes) == len(files) + 1
        assert outcomes[-1]["accepted"]
        assert all(outcome["accepted"] or outcome["message"] for outcome in outcomes)
    assert owner_client.get(f"/cases/{case.pk}/").status_code == 200


@pytest.mark.parametrize("moment", range(17))
def test_a_list_that_shows_an_image_as_running_is_renewed_whenever_the_worker_ends(
    owner_client: Client, case: Case, model: ModelVersion, moment: int
) -> None:
    analysis = running(case, model)
    asked = count()

    def worker_ends_meanwhile(execute: Callable[..., Any], *query: Any) -> Any:
        if next(asked) == moment:
            fail(analysis)
        return execute(*query)

    with connection.execute_wrapper(worker_ends_meanwhile):
        page = owner_client.get(address(case)).content.decode()
    assert next(asked) <= 17, "there are more moments than this test tries"
    assert ("Being analysed" in page) <= ("every 500ms" in page)


def running(case: Case, model: ModelVersion) -> Analysis:
    lease = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now()}
    return AnalysisFactory.create(image__case=case, model_version=model, state="running", **lease)


def fail(analysis: Analysis) -> None:
    analysis_queue.finish([analysis.pk], state=AnalysisState.FAILED, code="truncated", message="The file is cut off.")
