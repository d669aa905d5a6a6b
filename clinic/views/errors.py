"""The answer to an error of our own, and to a database or a disk that fails, wherever in a request that was noticed."""

import sys
from datetime import timedelta
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from clinic.api.problems import DATABASE_WAIT, MEDIA_TYPE, NO_DATABASE, NO_ROOM, NO_ROOM_WAIT, is_database_away, problem
from clinic.disks import is_disk_trouble
from clinic.logs import chain


def server_error(request: HttpRequest) -> HttpResponse:
    """A page for people, a problem document for programs; neither says what went wrong inside."""
    error = sys.exc_info()[1]
    errors = list(chain(error)) if error else []  # clearing up may have failed after what went wrong first
    if any(is_database_away(one) for one in errors):
        return _try_again(request, "unavailable", NO_DATABASE, wait=DATABASE_WAIT)
    if any(is_disk_trouble(one) for one in errors):
        return _try_again(request, "not_stored", NO_ROOM, wait=NO_ROOM_WAIT)
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem(status=status, code="server_error", detail="Something went wrong here. Please try again.")
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE)


def _try_again(request: HttpRequest, code: str, sentence: str, *, wait: timedelta) -> HttpResponse:
    """It ends by itself or is mended: whoever asks again later is answered."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if request.path.startswith("/api/"):
        document = problem(status=status, code=code, detail=sentence)
        answer: HttpResponse = JsonResponse(document, status=status, content_type=MEDIA_TYPE)
    else:
        answer = HttpResponse(render_to_string("503.html", {"code": code}), status=status)
    answer["Retry-After"] = str(int(wait.total_seconds()))
    return answer
