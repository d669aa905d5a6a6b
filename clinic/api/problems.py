"""The API's one error format: problem documents (RFC 9457) with plain sentences."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from clinic.api.errors import Conflict, InvalidParameters, TooLarge, Unavailable
from clinic.disks import is_disk_trouble
from clinic.services.records import RecordRestricted

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)

OPERATIONAL = (OperationalError, InterfaceError)
NO_DATABASE = "The database does not answer just now. Nothing was changed; please send the request again."
DATABASE_WAIT = timedelta(seconds=5)
NO_ROOM = "Nothing can be stored just now. Nothing was changed; please send the request again later."
NO_ROOM_WAIT = timedelta(minutes=1)
NOT_FOUND = "There is nothing here. Check the address; it ends with a slash."
TOO_MANY_FILES = f"Too many files at once. Send at most {settings.UPLOAD_MAX_FILES} a request."


def is_database_away(error: BaseException) -> bool:
    """Whether the database went away. psycopg2 has no kind for a connection that broke in the middle of an answer."""
    return isinstance(error, OPERATIONAL) or type(error) is DatabaseError


def problem(*, status: int, code: str, detail: str, **extensions: Any) -> dict[str, Any]:
    """A problem document. `code` is stable, `detail` is a sentence for people, `extensions` are further members."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        **extensions,
    }


def answer(*, status: int, code: str, detail: str, **extensions: Any) -> Response:
    """A response that holds one problem document."""
    document = problem(status=status, code=code, detail=detail, **extensions)
    return Response(document, status=status, content_type=MEDIA_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's exception handler. None for an error of our own: it is raised on, logged, and seen."""
    known = _as_api_error(error)
    response = exception_handler(known, context) if known else None
    if is_database_away(error):
        logger.error("The database did not answer a request.", exc_info=error)
    if is_disk_trouble(error):
        logger.error("What a request holds could not be stored.", exc_info=error)
    if known is None or response is None:
        return None
    response.data = _document(known)
    response.content_type = MEDIA_TYPE
    return response


def is_refusal(error: Exception) -> bool:
    """Whether the caller is to correct something, or to wait; not an error of our own."""
    known = _as_api_error(error)
    return known is not None and known.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


# What Django and our services raise, as the REST framework knows it; the first that fits.
_TRANSLATIONS: tuple[tuple[type[Exception], Callable[[Any], exceptions.APIException]], ...] = (
    (exceptions.APIException, lambda error: error),
    (Http404, lambda _: exceptions.NotFound(NOT_FOUND)),
    (PermissionDenied, lambda error: exceptions.PermissionDenied(str(error) or None)),
    (RecordRestricted, lambda error: Conflict(error.messages[0], code="restricted")),
    (ValidationError, lambda error: exceptions.ValidationError(serializers.as_serializer_error(error))),
    (RequestDataTooBig, lambda _: TooLarge()),
    (TooManyFilesSent, lambda _: exceptions.ValidationError({"files": [TOO_MANY_FILES]}, code="too_many_files")),
    (
        TooManyFieldsSent,
        lambda _: exceptions.ParseError("The form has too many parts."),
    ),
    (SuspiciousOperation, lambda _: exceptions.ParseError("The request could not be read.")),
    (UnreadablePostError, lambda _: exceptions.ParseError("The request broke off before it was complete.")),
)


def _as_api_error(error: Exception) -> exceptions.APIException | None:
    if is_disk_trouble(error):
        return Unavailable(NO_ROOM, code="not_stored", wait=NO_ROOM_WAIT)
    if is_database_away(error):
        return Unavailable(NO_DATABASE, wait=DATABASE_WAIT)
    return next((translate(error) for kind, translate in _TRANSLATIONS if isinstance(error, kind)), None)


def _document(error: exceptions.APIException) -> dict[str, Any]:
    if not isinstance(error, exceptions.ValidationError):
        return problem(status=error.status_code, code=_code(error.detail), detail=_plain(error.detail))
    key = "parameter" if isinstance(error, InvalidParameters) else "pointer"
    start = "" if key == "parameter" else "#"
    errors = [{key: place, "code": code, "detail": text} for place, code, text in _entries(error.detail, start)]
    first = errors[0]
    alone = len(errors) == 1 and first[key] in ("", "#")
    detail = first["detail"] if alone else "Some entries cannot be used; see errors."
    return problem(status=error.status_code, code=first["code"] if alone else "invalid", detail=detail, errors=errors)


def _entries(detail: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Every sentence in a nest of error details, with where it belongs as a JSON pointer (or a parameter's name)."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = name in ("non_field_errors", "__all__")
            step = "" if own else f"/{_escaped(name)}" if place.startswith("#") else _plain(name)
            yield from _entries(inner, place + step)
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _entries(inner, f"{place}/{number}" if nested else place)
    else:
        yield place, _code(detail), _plain(detail)


def _code(detail: Any) -> str:
    return str(getattr(detail, "code", "") or "invalid")


def _escaped(name: object) -> str:
    return _plain(name).replace("~", "~0").replace("/", "~1")


def _plain(text: object) -> str:
    """Text that can be sent: what a caller sent may be echoed in it, even lone surrogates."""
    return str(text).encode("utf-8", "replace").decode()
