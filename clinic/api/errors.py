"""Errors of the API that the REST framework does not know. `clinic.api.problems` turns all of them into documents."""

from http import HTTPStatus

from rest_framework import exceptions


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class LengthRequired(exceptions.APIException):
    """The web server hands no body on whose length it was not told: it would look empty."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_detail = "Send a Content-Length header: bodies in chunks are not taken in."
    default_code = "length_required"


class Conflict(exceptions.APIException):
    """What was asked for does not fit the state the thing is in."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "This cannot be done now."
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    """The server cannot give what it should be able to give."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "This cannot be delivered just now."
    default_code = "unavailable"


class InvalidParameters(exceptions.ValidationError):
    """The query string is wrong, rather than the body. `detail` is a dict: parameter -> sentences."""
