"""Logs say where something went wrong and of what kind it was, never with what value: it may be a patient's name.

An error's message quotes what a person typed, the database's DETAIL line a whole row, and a made-up address anything at
all. What is left: the lines of code that led there, the kind of error, and the codes of the database and the system.
Knows nothing of Django's settings, because the web server logs before there are any.
"""

import errno
import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from uuid import UUID

from clinic import request_context

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
NOWHERE = "an address that leads nowhere"
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
DATABASE_FACTS = ("constraint_name", "table_name", "column_name")


class WithoutValues(logging.Filter):
    """Takes errors and addresses out of a record before any handler puts it into words."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping):
            record.args = _of_a_task(record.args)
        elif record.args:
            request = getattr(record, "request", None)
            record.args = tuple(_harmless(argument, request) for argument in record.args)
        if isinstance(record.msg, BaseException):
            record.msg = kind_of(record.msg)
        return True


class Formatter(logging.Formatter):
    """Puts an error into words without its message, and the facts that came with a line behind it."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter's words must not be ours
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        facts = [f"{name}={value}" for name, value in _facts(record).items() if value not in {None, ""}]
        return " ".join([super().formatMessage(record), *facts])

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802  the library's name
        return "" if ei[1] is None else story_of(ei[1])


class JsonFormatter(Formatter):
    """One JSON object a line: time, level, logger, message, the request's id, the task, and the facts of the line."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_whose(record),
            "error": self.formatException(record.exc_info) if record.exc_info else None,
            **_facts(record),
        }
        return json.dumps({name: value for name, value in told.items() if value not in {None, ""}}, default=str)


def formatter(form: str, line: str = LINE, date: str | None = None) -> Formatter:
    """The words of a log: one JSON object a line, or with `text` a line for people."""
    return Formatter(line, date) if form == "text" else JsonFormatter()


def story_of(error: BaseException) -> str:
    """How an error came about: for it and each that led to it, oldest first, the lines of code and its kind."""
    parts = [f"{''.join(traceback.format_tb(one.__traceback__))}{kind_of(one)}" for one in chain(error)]
    return "\nwhich led to\n".join(reversed(parts))


def kind_of(error: BaseException) -> str:
    """An error's type; of the database's and the system's errors also their codes."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    facts = [*_of_the_database(error), *_of_the_system(error)]
    return f"{kind} ({', '.join(facts)})" if facts else kind


def place_of(match: Any) -> str:
    """An address as Django resolved it, or None: the name the project has for it. Of what stood in it, ids alone."""
    if match is None or not match.view_name:
        return NOWHERE
    ids = [f"{name}={value}" for name, value in match.kwargs.items() if isinstance(value, UUID)]
    return " ".join([match.view_name, *ids])


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    """What our own code says beside its message: `extra={"facts": {...}}`. Anything else that others add is left."""
    return getattr(record, "facts", {})


def _whose(record: logging.LogRecord) -> dict[str, object]:
    """The request that the line is about: Django writes some lines when it has left the request already."""
    request_id = getattr(getattr(record, "request", None), "request_id", None) or request_context.current_id()
    task = request_context.current_task()
    if task is None:
        return {"request_id": request_id}
    return {"request_id": request_id or task.request_id, "task": task.name, "task_id": task.task_id}


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and each that led to it, newest first."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)


def _of_the_database(error: BaseException) -> Iterator[str]:
    if state := getattr(error, "pgcode", None):
        yield f"SQLSTATE {state}"
    for name in DATABASE_FACTS:
        if value := getattr(getattr(error, "diag", None), name, None):
            yield f"{name.removesuffix('_name')} {value}"


def _of_the_system(error: BaseException) -> Iterator[str]:
    if isinstance(error, OSError) and error.errno:
        yield errno.errorcode.get(error.errno, str(error.errno))


def _harmless(argument: object, request: Any) -> object:
    if isinstance(argument, BaseException):
        return kind_of(argument)
    if request is not None and argument == request.path:
        return place_of(getattr(request, "resolver_match", None))
    return argument


def _of_a_task(words: Mapping[str, object]) -> dict[str, object]:
    """Celery tells of a failed task by name; the words of its error are among them."""
    told = dict(words)
    if "exc" in told:
        told["exc"] = str(told["exc"]).partition("(")[0]
    return told | {name: "withheld" for name in ("args", "kwargs", "traceback") if name in told}
