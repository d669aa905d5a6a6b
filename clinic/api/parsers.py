"""Reading request bodies. What is too large by its own account is refused before a byte of it is read."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser
from rest_framework.request import Request

from clinic.api.errors import TooLarge

MEGABYTE = 1024 * 1024


class SmallJSONParser(JSONParser):
    """JSON in UTF-8, as large as Django allows any body that is held in memory."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        context = dict(parser_context or {})
        _refuse_larger_than(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MEGABYTE, context["request"])
        try:
            return super().parse(stream, media_type, context | {"encoding": "utf-8"})
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ParseError as error:
            raise ParseError(_what_is_wrong(error.__context__)) from None


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


def _what_is_wrong(error: BaseException | None) -> str:
    place = f", line {error.lineno}, column {error.colno}" if isinstance(error, JSONDecodeError) else ""
    return f"The body is not JSON in UTF-8{place}."


def _refuse_larger_than(limit: int, request: Request | HttpRequest) -> None:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise ParseError("The Content-Length header is not a number.") from None
    if length > limit:
        raise TooLarge(f"The request is larger than {limit / MEGABYTE:g} MB.")
