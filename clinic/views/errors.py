"""The answer to an error of our own, and to a database that is away, wherever in a request that was noticed."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from clinic.api.problems import DATABASE_WAIT, MEDIA_TYPE, NO_DATABASE, OPERATIONAL, problem
from clinic.logs import chain


def server_error(request: HttpRequest) -> HttpResponse:
    """A page for people, a problem document for programs; neither says what went wrong inside."""
    error = sys.exc_info()[1]
    if error and any(isinstance(one, OPERATIONAL) for one in chain(error)):  # clearing up may have failed after it
        return _no_database(request)
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem(status=status, code="server_error", detail="Something went wrong here. Please try again.")
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)


def _no_database(request: HttpRequest) -> HttpResponse:
    """It comes back by itself: whoever asks again in a moment is answered."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if request.path.startswith("/api/"):
        document = problem(status=status, code="unavailable", detail=NO_DATABASE)
        answer: HttpResponse = JsonResponse(document, status=status, content_type=MEDIA_TYPE)
    else:
        answer = HttpResponse(render_to_string("503.html"), status=status)
    answer["Retry-After"] = str(int(DATABASE_WAIT.total_seconds()))
    return answer
