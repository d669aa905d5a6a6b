"""What is written down about requests and tasks: one JSON object a line, put together by the request's id."""

import json
import logging
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery.app.task import Context
from django.test import Client

from clinic import request_context, task_log
from clinic.logs import JsonFormatter, WithoutValues, formatter
from clinic.models import Patient
from clinic.request_context import RequestContext

Lines = list[dict[str, Any]]
log = logging.getLogger("clinic.test_request_log")


class Listening(logging.Handler):
    """Reads every line back."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Lines = []
        self.setFormatter(JsonFormatter())
        self.addFilter(WithoutValues())

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        assert "\n" not in text
        self.lines.append(json.loads(text))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Listening(), logging.getLogger()
    root.addHandler(handler)
    yield handler.lines
    root.removeHandler(handler)


def test_a_request_has_one_line_with_its_id_its_view_and_its_time(
    owner_client: Client, patient: Patient, lines: Lines
) -> None:
    answer = owner_client.get(f"/patients/{patient.pk}/?note=ZZMARKER")
    (line,) = [one for one in lines if one["logger"] == "clinic.request_log"]
    assert line["message"] == f"GET diagnosis:patient pk={patient.pk}"
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["level"], line["status"]) == ("INFO", 200)
    assert line["milliseconds"] > 0
    assert line["time"].endswith("+00:00")
    assert "ZZMARKER" not in str(lines)


def test_what_django_says_after_the_request_still_names_it(owner_client: Client, lines: Lines) -> None:
    answer = owner_client.get("/nothing/ZZMARKER/")
    (line,) = [one for one in lines if one["logger"] == "django.request"]
    assert line["request_id"] == answer["X-Request-ID"]
    assert "ZZMARKER" not in str(lines)


def test_what_is_asked_every_few_seconds_has_no_line(client: Client, db: None, lines: Lines) -> None:
    client.get("/health/live")
    client.get("/static/css/tokens.css").close()
    assert not [one for one in lines if one["logger"] == "clinic.request_log"]


def test_an_error_is_one_line_and_holds_no_value(lines: Lines) -> None:
    marker = "ZZMARKER"
    try:
        uuid.UUID(marker)
    except ValueError:
        log.exception("It failed.", extra={"args_of_somebody": marker})
    assert "ValueError" in lines[0]["error"]
    assert "ZZMARKER" not in str(lines)


def test_for_a_person_it_is_a_line_with_its_facts_behind() -> None:
    record = logging.LogRecord("clinic", logging.INFO, __file__, 1, "analysis %s", ("failed",), None)
    record.facts = {"reason": "unreadable"}
    assert formatter("text", "%(levelname)s %(message)s").format(record) == "INFO analysis failed reason=unreadable"


def test_a_message_that_a_request_sends_names_it() -> None:
    here = RequestContext()
    request_context.enter(here)
    headers: dict[str, Any] = {}
    try:
        task_log.send_the_request_along(headers=headers)
    finally:
        request_context.enter(None)
    assert headers == {"request_id": str(here.request_id)}
    task_log.send_the_request_along(headers=headers)  # by a worker: nothing is added
    assert headers == {"request_id": str(here.request_id)}


def test_a_tasks_lines_name_the_task_and_the_request(lines: Lines) -> None:
    request = Context(request_id="the-request")
    task_log.enter(task_id="the-task", task=SimpleNamespace(name="diagnosis.tasks.something", request=request))
    log.info("at it")
    task_log.leave()
    log.info("done")
    assert lines[0]["task"] == "diagnosis.tasks.something"
    assert (lines[0]["task_id"], lines[0]["request_id"]) == ("the-task", "the-request")
    assert not {"task", "task_id", "request_id"} & set(lines[1])
