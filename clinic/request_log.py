"""A line and a count for each request: by the name of its view, what was answered and how long it took."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clinic import metrics
from clinic.logs import place_of

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
QUIET = frozenset({"clinic:health_live", "clinic:health_ready", "diagnosis:metrics", "static"})  # asked all the time


def request_log(get_response: GetResponse) -> GetResponse:
    """Note each request once it is answered: after everything else, so that the time is what the person waited."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        view = view_of(request)
        metrics.note_request(method=request.method or "", view=view, status=response.status_code, seconds=seconds)
        if view not in QUIET:
            _write(request, response, seconds)
        return response

    return middleware


def view_of(request: HttpRequest) -> str:
    """The name that the project has for the address: one of a few hundred, and with nothing of the address in it."""
    match = request.resolver_match
    if match and match.view_name:
        return match.view_name
    return "static" if request.path.startswith(settings.STATIC_URL) else "nowhere"


def _write(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    place = "a static file" if request.path.startswith(settings.STATIC_URL) else place_of(request.resolver_match)
    facts = {"status": response.status_code, "milliseconds": round(seconds * 1000, 1)}
    logger.info("%s %s", request.method, place, extra={"facts": facts})
