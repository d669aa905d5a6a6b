"""What is written down about an error: where it happened and its kind, never a value."""

import io
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as configured
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection
from django.test import Client, RequestFactory
from django.views.debug import technical_500_response
from gunicorn.config import Config
from pytest_django import Settings

from clinic.logs import NOWHERE, Formatter, WithoutValues
from clinic.models import Patient, User
from clinic.web_server_log import QuietLogger
from tests.factories import UserFactory

MARKER = "ZZMARKER"
log = logging.getLogger("clinic.test_logs")


@pytest.fixture
def written() -> Callable[[], str]:
    """What the console of a server would show of this test."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(levelname)s %(name)s %(message)s"))
    handler.addFilter(WithoutValues())
    root = logging.getLogger()
    root.addHandler(handler)

    def read() -> str:
        root.removeHandler(handler)
        return stream.getvalue()

    return read


def test_the_servers_log_that_way() -> None:
    handlers = configured.LOGGING["handlers"].values()
    assert all(one["filters"] == ["without_values"] for one in handlers)
    assert {one["()"] for one in configured.LOGGING["formatters"].values()} == {"clinic.logs.formatter"}
    root = logging.getLogger()
    ours = [one for one in root.handlers if isinstance(one.formatter, Formatter)]
    assert ours
    assert all(any(isinstance(part, WithoutValues) for part in one.filters) for one in ours)


def test_a_row_that_is_there_already_is_not_quoted(db: None, written: Callable[[], str]) -> None:
    UserFactory.create(email=f"{MARKER.lower()}@clinic.example")
    with pytest.raises(IntegrityError, match=MARKER.lower()) as caught:  # the database quotes the row
        UserFactory.create(email=f"{MARKER.lower()}@clinic.example")
    log.error("It was not stored.", exc_info=caught.value)
    log.error("It was not stored: %s", caught.value)
    log.error(caught.value)
    text = written()
    assert MARKER not in text.upper()
    assert "SQLSTATE 23505, constraint" in text
    assert "test_logs.py" in text


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT %s::uuid",
        "SELECT no_column FROM clinic_patient WHERE family_name = %s",
        "SELECT * FROM clinic_patient WHERE %s",
    ],
)
def test_a_statement_that_fails_is_not_quoted(db: None, written: Callable[[], str], statement: str) -> None:
    with pytest.raises(DatabaseError, match="ZZ") as caught, connection.cursor() as cursor:
        cursor.execute(statement, [MARKER])
    log.warning("It failed.", exc_info=caught.value)
    assert "ZZ" not in written()


def first() -> None:
    raise KeyError(MARKER)


def second() -> None:
    try:
        first()
    except KeyError as error:
        raise ValueError(f"no {MARKER}") from error


def test_neither_are_the_errors_that_led_to_one(written: Callable[[], str]) -> None:
    with pytest.raises(ValueError, match=MARKER) as caught:
        second()
    log.error("It failed.", exc_info=caught.value)
    text = written()
    assert MARKER not in text
    assert text.index("KeyError") < text.index("which led to") < text.index("ValueError")


def test_the_system_says_which_of_its_errors_it_was(written: Callable[[], str]) -> None:
    log.error("It failed: %s", FileNotFoundError(2, "No such file", f"/{MARKER}.png"))
    assert "FileNotFoundError (ENOENT)" in written()


def test_what_celery_says_of_a_failed_task_holds_no_value(written: Callable[[], str]) -> None:
    context = {"name": "t", "id": "1", "exc": f"ValueError('{MARKER}')", "args": MARKER, "kwargs": MARKER}
    log.error("Task %(name)s[%(id)s] raised: %(exc)s %(args)s %(kwargs)s", context)
    text = written()
    assert MARKER not in text
    assert "Task t[1] raised: ValueError" in text


def test_a_made_up_address_is_not_repeated(owner_client: Client, patient: Patient, written: Callable[[], str]) -> None:
    owner_client.get(f"/patients/{MARKER}/")
    owner_client.get(f"/api/v1/patients/?q={MARKER}")
    owner_client.get(f"/api/v1/images/{patient.pk}/files/{MARKER}/")
    owner_client.get(f"/cases/{patient.pk}/?q={MARKER}")
    text = written()
    assert MARKER not in text
    assert f"Not Found: {NOWHERE}" in text
    assert f"Not Found: diagnosis:case pk={patient.pk}" in text


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, owner_client: Client, settings: Settings) -> Client:
    """The owner's browser on a site whose search fails with what was searched for; its ADMINS get mail."""

    def fail(*, user: User, query: str) -> None:
        raise RuntimeError(f"no idea what {query} is, {user.email}")

    monkeypatch.setattr("clinic.views.patients.search_patients", fail)
    settings.ADMINS = [("Admin", "admin@clinic.example")]
    owner_client.raise_request_exception = False
    return owner_client


def test_a_view_that_fails_is_reported_without_values(failing: Client, owner: User, written: Callable[[], str]) -> None:
    response = failing.post(
        "/patients/", {"query": MARKER}, headers={"Referer": f"http://testserver/{MARKER}", "User-Agent": MARKER}
    )
    assert response.status_code == 500
    (report,) = mail.outbox
    html = "".join(str(part[0]) for part in getattr(report, "alternatives", []))
    for text in (written(), report.subject, str(report.body), html, response.content.decode()):
        assert MARKER not in text
        assert owner.email not in text
        assert str(failing.cookies["sessionid"].value) not in text
    assert "RuntimeError" in report.body
    assert "POST clinic:patients" in report.body


def test_even_a_debug_page_would_show_no_value(owner: User) -> None:
    request = RequestFactory().post("/patients/", {"query": MARKER})
    with pytest.raises(KeyError) as caught:
        first()
    page = technical_500_response(request, caught.type, caught.value, caught.tb)
    assert MARKER not in page.content.decode()


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[QuietLogger]:
    """gunicorn's own log, with an access log that asks for all it could tell."""
    config = Config()
    config.set("accesslog", str(tmp_path / "access.log"))
    config.set("errorlog", str(tmp_path / "error.log"))
    config.set("access_log_format", "%(r)s %(f)s %(a)s %(q)s %({cookie}i)s %({referer}i)s %({query_string}e)s %(u)s")
    logger = QuietLogger(config)
    yield logger
    for one in (logger.error_log, logger.access_log):
        for handler in [handler for handler in one.handlers if isinstance(handler, logging.FileHandler)]:
            one.removeHandler(handler)
            handler.close()


def test_the_access_log_holds_neither_query_nor_headers(web_server: QuietLogger, tmp_path: Path) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/patients/?q={MARKER}",
        "PATH_INFO": "/patients/",
        "QUERY_STRING": f"q={MARKER}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"/{MARKER}",
        "HTTP_USER_AGENT": MARKER,
        "HTTP_AUTHORIZATION": "Basic WlpNQVJLRVI6eA==",
    }
    answer = SimpleNamespace(status="200 OK", headers=[("Location", MARKER)], sent=1)
    sent = SimpleNamespace(headers=[("COOKIE", MARKER), ("REFERER", MARKER)])
    web_server.access(answer, sent, environ, timedelta(seconds=1))
    told = (tmp_path / "access.log").read_text()
    assert "GET clinic:patients HTTP/1.1" in told
    assert MARKER not in told


def test_what_is_no_http_is_not_quoted(web_server: QuietLogger, tmp_path: Path) -> None:
    web_server.warning(f"Invalid request from ip=192.0.2.1: Invalid HTTP Header: {MARKER}")
    with pytest.raises(KeyError) as caught:
        first()
    web_server.exception("Error handling request %s %s", "GET", f"/patients/?q={MARKER}", exc_info=caught.value)
    told = (tmp_path / "error.log").read_text()
    assert "Invalid request from ip=192.0.2.1" in told
    assert "Error handling request GET clinic:patients" in told
    assert MARKER not in told
