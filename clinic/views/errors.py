"""The answer to an error of our own."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from clinic.api.problems import MEDIA_TYPE, problem


def server_error(request: HttpRequest) -> HttpResponse:
    """A page for people, a problem document for programs; neither says what went wrong inside."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem(status=status, code="server_error", detail="Something went wrong here. Please try again.")
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)
