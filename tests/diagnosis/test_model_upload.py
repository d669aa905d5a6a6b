"""Sending a model bundle: in the browser and through the API, by administrators."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import User
from diagnosis import bundle_uploads, upload_handler
from diagnosis.models import ModelState, ModelVersion
from tests.diagnosis.small_models import write_small

PAGE, API = "/models/upload/", "/api/v1/models/"


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return write_small(tmp_path / "small.bundle").read_bytes()


@pytest.fixture
def page(web: Callable[[str], Client]) -> Client:
    return web("administrator")


@pytest.fixture
def program(api: Callable[[str], APIClient]) -> APIClient:
    return api("administrator")


def bundle(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("mine.bundle", content)


def send(program: APIClient, content: bytes) -> Any:
    return program.post(API, {"file": bundle(content)}, format="multipart")


def test_an_administrator_registers_a_bundle_in_the_browser(page: Client, content: bytes, administrator: User) -> None:
    answer = page.post(PAGE, {"bundle": bundle(content)}, follow=True)
    model = ModelVersion.objects.get()
    assert answer.redirect_chain == [(f"/models/{model.pk}/", 302)]
    assert (model.state, model.changes.get().made_by) == (ModelState.CANDIDATE, administrator)
    assert "registered as a candidate" in answer.content.decode()


def test_sent_twice_it_is_the_same_model(page: Client, program: APIClient, content: bytes) -> None:
    page.post(PAGE, {"bundle": bundle(content)})
    answer = page.post(PAGE, {"bundle": bundle(content)}, follow=True)
    assert "registered already" in answer.content.decode()
    assert send(program, content).status_code == 200
    assert ModelVersion.objects.get().changes.count() == 1


def test_a_program_registers_a_bundle(program: APIClient, content: bytes) -> None:
    answer = send(program, content)
    assert answer.status_code == 201
    assert answer.json()["state"] == "candidate"
    assert answer["Location"] == answer.json()["url"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"\x89HDF and so on", "HDF5"),
        (b"\x80\x04 and so on", "pickle"),
        (b"PK\x03\x04 and then it breaks off", "truncated or damaged"),
        (b"GIF89a", "not a model bundle"),
    ],
)
def test_what_is_no_bundle_is_refused_with_one_sentence(
    page: Client, program: APIClient, sent: bytes, said: str
) -> None:
    answer = page.post(PAGE, {"bundle": bundle(sent)})
    assert answer.status_code == 400
    assert said in answer.context["refusal"]
    problem = send(program, sent)
    assert (problem.status_code, problem["Content-Type"]) == (400, "application/problem+json")
    assert said in problem.json()["errors"][0]["detail"]
    assert not ModelVersion.objects.exists()


def test_a_form_without_a_file_or_with_an_empty_one_says_so(page: Client, program: APIClient) -> None:
    assert "Choose a file." in page.post(PAGE).content.decode()
    assert "empty" in page.post(PAGE, {"bundle": bundle(b"")}).content.decode()
    assert program.post(API, {"bundle": bundle(b"x")}, format="multipart").status_code == 400
    assert program.post(API, {"file": "text"}, format="multipart").status_code == 400


def test_too_large_a_file_is_cut_off_and_refused(
    page: Client, program: APIClient, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bundle_uploads, upload_handler):
        monkeypatch.setattr(module, "MAX_BYTES", len(content) - 1)
    assert page.post(PAGE, {"bundle": bundle(content)}).status_code == 400
    assert send(program, content).status_code == 413
    monkeypatch.setattr(bundle_uploads, "ROOM_AROUND", 0)
    assert page.post(PAGE, {"bundle": bundle(content)}).status_code == 413
    assert send(program, content).status_code == 413
    assert not ModelVersion.objects.exists()


def test_a_form_of_another_site_registers_nothing(administrator: User, content: bytes) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator)
    assert browser.post(PAGE, {"bundle": bundle(content)}).status_code == 403
    assert not ModelVersion.objects.exists()


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_else_registers_models(
    web: Callable[[str], Client], api: Callable[[str], APIClient], content: bytes, who: str
) -> None:
    assert web(who).post(PAGE, {"bundle": bundle(content)}).status_code == 403
    assert send(api(who), content).status_code == 403
    assert not ModelVersion.objects.exists()
