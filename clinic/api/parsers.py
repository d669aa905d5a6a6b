"""Reading request bodies. What is too large by its own account is refused before a byte of it is read."""

import json
from collections import Counter
from collections.abc import Mapping
from json import JSONDecodeError
from math import isfinite
from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser
from rest_framework.request import Request

from clinic.api.errors import TooLarge

MEGABYTE = 1024 * 1024
LONGEST_ECHO = 100


class SmallJSONParser(JSONParser):
    """JSON in UTF-8, as large as Django allows any body that is held in memory."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request: Request = dict(parser_context or {})["request"]
        _refuse_larger_than(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MEGABYTE, request)
        try:
            return json.loads(
                stream.read().decode(),
                parse_constant=_no_number,
                parse_float=_finite,
                object_pairs_hook=_each_once,
            )
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(_what_is_wrong(error)) from None


class FilesParser(MultiPartParser):
    """Form data with files, together no larger than one upload may be."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        request: Request = dict(parser_context or {})["request"]
        _refuse_larger_than(settings.UPLOAD_MAX_REQUEST_BYTES, request)
        meta = request.META | {"CONTENT_TYPE": media_type}
        try:
            data, files = _EveryFile(meta, cast("Any", stream), request.upload_handlers, "utf-8").parse()
        except MultiPartParserError as error:
            raise ParseError(f"The form data could not be read: {error}") from None
        return DataAndFiles(data, files)


class _EveryFile(DjangoMultiPartParser):
    """Django silently drops a file whose name comes to nothing, such as `..`; here every file gets an answer."""

    def sanitize_file_name(self, file_name: str) -> str:
        return super().sanitize_file_name(file_name) or "unnamed"


def require_nothing_in(body: Any) -> None:
    """For what takes no entries: a body must be empty, or an empty object."""
    if not isinstance(body, Mapping):
        raise ParseError("This takes no entries: send an empty body.")
    if body:
        raise ValidationError({name: ["This field is not known: nothing is to be sent here."] for name in body})


def _no_number(text: str) -> Any:
    raise ParseError(f"{text} is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ParseError("The body holds a number that is too large.")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two entries of one name a reader would see the one, and the database the other."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ParseError(f"The body gives {name[:LONGEST_ECHO]} twice. Give it one value.")
    return entries


def _what_is_wrong(error: ValueError) -> str:
    place = f", line {error.lineno}, column {error.colno}" if isinstance(error, JSONDecodeError) else ""
    return f"The body is not JSON in UTF-8{place}."


def _refuse_larger_than(limit: int, request: Request | HttpRequest) -> None:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise ParseError("The Content-Length header is not a number.") from None
    if length > limit:
        raise TooLarge(f"The request is larger than {limit / MEGABYTE:g} MB.")
