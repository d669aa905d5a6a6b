"""An error of our own: an answer in the form the caller reads, without what went wrong inside."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError
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


@pytest.fixture(params=[OperationalError, InterfaceError])
def without_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, owner_client: Client) -> Client:
    """The owner's browser on a site whose database went away before any view was reached."""

    def fail(*_: object) -> None:
        raise ValueError("on the way out") from request.param("secret inside")

    monkeypatch.setattr(SessionStore, "load", fail)
    owner_client.raise_request_exception = False
    return owner_client


@pytest.mark.parametrize("address", ["/patients/", "/api/v1/patients/"])
def test_a_database_that_is_away_is_no_error_of_ours_but_worth_another_try(
    without_database: Client, address: str
) -> None:
    answer = without_database.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"secret" not in answer.content
    assert ("problem+json" in answer["Content-Type"]) == address.startswith("/api/")
    assert b"does not answer just now" in answer.content
