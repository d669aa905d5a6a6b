"""An error of our own: an answer in the form the caller reads, without what went wrong inside."""

import pytest
from django.test import Client

from clinic.models import Patient


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, client: Client, owner_client: Client) -> Client:
    """The owner's browser on a site whose patients cannot be read."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(Patient.objects, "visible_to", fail)
    owner_client.raise_request_exception = False
    return owner_client


def test_people_get_a_page(broken: Client) -> None:
    answer = broken.get("/patients/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert b"secret" not in answer.content


def test_programs_get_a_problem_document(broken: Client) -> None:
    answer = broken.get("/api/v1/patients/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "server_error"
    assert b"secret" not in answer.content
