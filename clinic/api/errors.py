"""Errors of the API that the REST framework does not know. `clinic.api.problems` turns all of them into documents."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from rest_framework import exceptions


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class EncodedBody(exceptions.APIException):
    """A small body that unfolds into a huge one is not unfolded at all."""

    status_code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_detail = "Send the body as it is, without a Content-Encoding."
    default_code = "content_encoding"


class LengthRequired(exceptions.APIException):
    """The web server hands no body on whose length it was not told: it would look empty."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_detail = "Send a Content-Length header: bodies in chunks are not taken in."
    default_code = "length_required"


class Later(exceptions.APIException):
    """Asking again may help, after `wait` seconds (told as `Retry-After`). None: nobody knows when."""

    wait: int | None = None

    def __init__(self, detail: Any = None, code: str | None = None, wait: timedelta | None = None) -> None:
        super().__init__(detail, code)
        if wait:
            self.wait = int(wait.total_seconds())


class Conflict(Later):
    """What was asked for does not fit the state the thing is in."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "This cannot be done now."
    default_code = "conflict"


class PreconditionFailed(exceptions.APIException):
    """The thing is not, or not any more, as the caller says it knows it."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = "This was changed since you last had it. Get it again, then decide."
    default_code = "precondition_failed"


class Unprocessable(exceptions.APIException):
    """Understood, but at odds with an earlier request."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = "This request contradicts an earlier one."
    default_code = "unprocessable"


class Unavailable(Later):
    """The server cannot give what it should be able to give."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "This cannot be delivered just now."
    default_code = "unavailable"
    wait = 60


class InvalidParameters(exceptions.ValidationError):
    """The query string is wrong, rather than the body. `detail` is a dict: parameter -> sentences."""
