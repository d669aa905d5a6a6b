"""Beyond a limit of waiting work more is put off, before a byte of it is read, and nobody is shut out by others."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from clinic.models import KeptAnswer, User
from diagnosis.models import Analysis, Case, ModelVersion, Priority, SlideImage
from diagnosis.selectors import room
from diagnosis.selectors.room import seconds_until_room
from tests.factories import AnalysisFactory, PredictionFactory, upload

Api = Callable[[str], Any]


class Unread:
    """A request's body that is on its way and must not be waited for."""

    def read(self, *_: object) -> NoReturn:
        raise AssertionError("The body was read.")

    readline = read


@pytest.fixture
def crowd(model: ModelVersion, owner: User, stranger: User, settings: Settings) -> None:
    """As many wait as may: two of the owner's and one of somebody else's."""
    settings.UPLOADS_MOST_WAITING, settings.UPLOADS_ALWAYS_WAITING = 3, 2
    AnalysisFactory.create_batch(2, model_version=model, requested_by=owner)
    AnalysisFactory.create(model_version=model, requested_by=stranger)


def begin_to_send(client: Any, address: str, **extra: object) -> Any:
    """The head of a large upload, and nothing behind it."""
    told = {"CONTENT_LENGTH": "900000000", "wsgi.input": Unread(), **extra}
    return client.generic("POST", address, content_type="multipart/form-data; boundary=x", **told)


@pytest.mark.usefixtures("crowd")
def test_the_api_puts_off_an_upload_before_its_body_is_read(api: Api, case: Case) -> None:
    answer = begin_to_send(api("owner"), f"/api/v1/cases/{case.pk}/images/")
    assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
    assert answer["Retry-After"] == "60"  # nothing was finished lately that would tell more
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("crowd")
def test_the_page_puts_off_an_upload_before_its_body_is_read(owner_client: Client, case: Case) -> None:
    answer = begin_to_send(owner_client, f"/cases/{case.pk}/images/", HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert (answer.json()["code"], answer.json()["wait"]) == ("queue_full", "1 minute")


@pytest.mark.usefixtures("crowd")
def test_without_scripts_the_page_says_when_to_send_them_again(owner_client: Client, case: Case) -> None:
    answer = begin_to_send(owner_client, f"/cases/{case.pk}/images/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 503
    assert "Send these in 1 minute." in answer.content.decode()


@pytest.mark.usefixtures("crowd")
def test_a_stranger_is_told_of_no_queue(api: Api, stranger_client: Client, case: Case) -> None:
    assert begin_to_send(api("stranger"), f"/api/v1/cases/{case.pk}/images/").status_code == 404
    assert begin_to_send(stranger_client, f"/cases/{case.pk}/images/").status_code == 404


@pytest.mark.usefixtures("crowd")
def test_whoever_has_few_waiting_is_taken_in_whatever_others_sent(api: Api, case: Case, colleague: User) -> None:
    answer = api("colleague").post(f"/api/v1/cases/{case.pk}/images/", {"files": [upload()]}, format="multipart")
    assert answer.status_code == 202


@pytest.mark.usefixtures("crowd")
def test_what_is_to_be_read_anew_puts_nobody_off(model: ModelVersion, owner: User) -> None:
    Analysis.objects.update(priority=Priority.ANEW)
    assert seconds_until_room(person=owner, assay="leukemia") is None


@pytest.mark.usefixtures("crowd")
def test_another_assay_has_room(owner: User) -> None:
    assert seconds_until_room(person=owner, assay="breast") is None


@pytest.mark.usefixtures("crowd")
def test_when_to_try_again_follows_from_what_was_finished_lately(
    model: ModelVersion, owner: User, settings: Settings
) -> None:
    pictures = {"mask_sha256": "a", "outline_sha256": "b", "map_sha256": "c"}
    PredictionFactory.create_batch(20, analysis__model_version=model, **pictures)
    settings.UPLOADS_ALWAYS_WAITING = 1
    assert seconds_until_room(person=owner, assay="leukemia") == 30  # one in 15 seconds


@pytest.mark.usefixtures("crowd")
def test_while_the_model_is_stopped_it_is_long(model: ModelVersion, owner: User, administrator: User) -> None:
    ModelVersion.objects.filter(pk=model.pk).update(stopped_at=timezone.now(), stopped_by=administrator)
    assert seconds_until_room(person=owner, assay="leukemia") == room.LATEST


def test_a_refusal_uses_up_no_idempotency_key(
    crowd: None, api: Api, case: Case, settings: Settings, owner: User
) -> None:
    client, address, key = api("owner"), f"/api/v1/cases/{case.pk}/images/", {"HTTP_IDEMPOTENCY_KEY": "first"}
    assert begin_to_send(client, address, **key).status_code == 503
    assert not KeptAnswer.objects.exists()
    settings.UPLOADS_MOST_WAITING = 100
    answer = client.post(address, {"files": [upload()]}, format="multipart", **key)
    assert answer.status_code == 202
    assert SlideImage.objects.filter(case=case).count() == 1


def test_that_there_is_room_is_believed_for_a_moment(
    model: ModelVersion, owner: User, django_assert_num_queries: Any
) -> None:
    assert not room.is_full(model.pk)
    with django_assert_num_queries(0):
        assert not room.is_full(model.pk)


@pytest.mark.usefixtures("crowd")
def test_administrators_see_that_it_is_full(web: Callable[[str], Client], administrator: User) -> None:
    assert "full: whoever has many waiting" in web("administrator").get("/status/").content.decode()
