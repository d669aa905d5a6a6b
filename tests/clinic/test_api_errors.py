"""Bad input to the API: always a problem document with a 4xx status, never a 500."""

import base64
import gzip
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import Client
from rest_framework.test import APIClient

from clinic.api.problems import handle
from clinic.models import Patient, User

Api = Callable[[str], Any]
PATIENTS = "/api/v1/patients/"


def assert_is_problem(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    document = answer.json()
    assert document["status"] == status
    assert all(document[member] for member in ("type", "title", "code", "detail"))


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b"\xff\xfe",
        b"\x00",
        b'{"family_name": NaN}',
        b'{"family_name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_broken_json(owner: User, api: Api, body: bytes) -> None:
    assert_is_problem(api("owner").generic("POST", PATIENTS, body, content_type="application/json"), 400)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_json_that_is_no_object(owner: User, api: Api, body: bytes) -> None:
    assert_is_problem(api("owner").generic("POST", PATIENTS, body, content_type="application/json"), 400)


@pytest.mark.parametrize("charset", ["latin-1", "base64", "rot13", "nonsense", "utf-16"])
def test_json_is_utf8_whatever_charset_is_claimed(owner: User, api: Api, charset: str) -> None:
    body = '{"record_number": "1", "family_name": "Müller"}'.encode()
    kind = f"application/json; charset={charset}"
    answer = api("owner").generic("POST", f"{PATIENTS}?", body, content_type=kind)
    assert answer.status_code == 201
    assert answer.json()["family_name"] == "Müller"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"])
def test_another_content_type(owner: User, api: Api, kind: str) -> None:
    answer = api("owner").generic("POST", PATIENTS, b"family_name=x", content_type=kind)
    assert_is_problem(answer, 415)


def test_a_body_of_megabytes_is_refused_by_its_length(owner: User, api: Api) -> None:
    body = b'{"family_name": "' + b"x" * 3_000_000 + b'"}'
    assert_is_problem(api("owner").generic("POST", PATIENTS, body, content_type="application/json"), 413)


def test_a_body_in_chunks_is_not_taken_for_none(owner: User, api: Api) -> None:
    answer = api("owner").post(PATIENTS, {"record_number": "1", "family_name": "A"}, HTTP_TRANSFER_ENCODING="chunked")
    assert_is_problem(answer, 411)


def test_no_body_at_all(owner: User, api: Api) -> None:
    assert_is_problem(api("owner").post(PATIENTS), 400)


@pytest.mark.parametrize("size", ["0", "-1", "201", "1e2", "ten", "", "²", "9" * 5000, "1\x00", "1.0"])
def test_a_page_size_that_cannot_be_had(owner: User, api: Api, size: str) -> None:
    answer = api("owner").get(PATIENTS, {"page_size": size})
    assert_is_problem(answer, 400)
    assert answer.json()["errors"][0]["parameter"] == "page_size"


def cursor(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "text",
    ["nonsense", "ü", cursor(b"p=yesterday"), cursor(b"p=\x00"), cursor(b"o=-1"), cursor(b"r=x"), cursor(b"\xff")],
)
def test_a_cursor_that_no_list_gave(patient: Patient, api: Api, text: str) -> None:
    assert_is_problem(api("owner").get(PATIENTS, {"cursor": text}), 400)


@pytest.mark.parametrize("ordering", ["family_name", "created_by__password", "--created_at", "", "created_at,id"])
def test_an_ordering_that_is_not_offered(owner: User, api: Api, ordering: str) -> None:
    assert_is_problem(api("owner").get(PATIENTS, {"ordering": ordering}), 400)


@pytest.mark.parametrize("name", ["created_by", "format", "record_number", "id__in", "\ud800"])
def test_a_parameter_that_is_not_known(owner: User, api: Api, name: str) -> None:
    assert_is_problem(api("owner").get(f"{PATIENTS}?{name.encode('utf-8', 'replace').decode()}=1"), 400)


@pytest.mark.parametrize(
    "path",
    ["", "nothing/", "patients", "patients/1/", "patients/%00/", f"patients/{uuid4()}", "patients/../tokens/x/"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_an_address_that_leads_nowhere(owner: User, api: Api, path: str, method: str) -> None:
    assert_is_problem(api("owner").generic(method, f"/api/v1/{path}"), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_is_not_offered(owner: User, api: Api, method: str) -> None:
    answer = api("owner").generic(method, PATIENTS, b"{}", content_type="application/json")
    assert_is_problem(answer, 405)
    assert "GET" in answer["Allow"]


def test_a_thing_that_does_not_exist_answers_like_an_address_that_leads_nowhere(owner: User, api: Api) -> None:
    client = api("owner")
    assert client.get(f"{PATIENTS}{uuid4()}/").content == client.get("/api/v1/nothing/").content


def test_whoever_is_not_signed_in_is_told_so(db: None) -> None:
    answer = APIClient().get(PATIENTS)
    assert_is_problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Token"


def test_other_formats_asked_for_get_a_problem_or_json(owner: User, api: Api) -> None:
    assert_is_problem(api("owner").get(PATIENTS, HTTP_ACCEPT="text/html"), 406)
    assert api("owner").get(PATIENTS, HTTP_ACCEPT="text/html, */*").status_code == 200


def test_a_request_django_calls_suspicious_is_a_bad_request() -> None:
    answer = handle(SuspiciousOperation("odd"), {})
    assert answer is not None
    assert answer.status_code == 400


def test_an_error_of_our_own_is_not_hidden() -> None:
    assert handle(ZeroDivisionError(), {}) is None


def test_a_link_in_the_address_bar_works_for_someone_signed_in(owner: User) -> None:
    browser = Client()
    browser.force_login(owner)
    assert browser.get(PATIENTS).status_code == 200


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_a_database_that_does_not_answer_is_told_with_when_to_come_back(
    owner: User, api: Api, monkeypatch: pytest.MonkeyPatch, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("clinic.api.patients.register_patient", fail)
    client = api("owner")
    for key in ({}, {"HTTP_IDEMPOTENCY_KEY": "a"}):
        answer = client.post(PATIENTS, {"record_number": "1", "family_name": "A"}, **key)
        assert_is_problem(answer, 503)
        assert answer["Retry-After"] == "5"
    assert "The database did not answer" in caplog.text


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "gzip, identity", "nonsense"])
def test_a_body_that_is_packed_is_not_unpacked(owner: User, api: Api, encoding: str) -> None:
    body = gzip.compress(b'{"record_number": "1", "family_name": "A"}')
    answer = api("owner").generic(
        "POST", PATIENTS, body, content_type="application/json", HTTP_CONTENT_ENCODING=encoding
    )
    assert_is_problem(answer, 415)
    assert not Patient.objects.exists()


def test_an_entry_that_is_given_twice_is_refused_by_name(owner: User, api: Api) -> None:
    body = b'{"record_number": "1", "family_name": "Curie", "family_name": "Quist"}'
    answer = api("owner").generic("POST", PATIENTS, body, content_type="application/json")
    assert_is_problem(answer, 400)
    assert "family_name" in answer.json()["detail"]


def test_what_takes_no_entries_refuses_them(patient: Patient, api: Api) -> None:
    address = f"{PATIENTS}{patient.pk}/care-team/leave/"
    assert_is_problem(api("owner").post(address, {"sure": True}), 400)
    assert api("owner").post(address, {}).status_code == 409
