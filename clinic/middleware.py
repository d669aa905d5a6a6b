"""Every request gets an id, kept with whatever it writes to the audit trail."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from clinic import request_context as context

GetResponse = Callable[[HttpRequest], HttpResponse]


def request_context(get_response: GetResponse) -> GetResponse:
    """Note the request's id and address while it is answered; the answer carries the id."""

    def middleware(request: HttpRequest) -> HttpResponse:
        here = context.RequestContext(address=request.META.get("REMOTE_ADDR") or None)
        context.enter(here)
        try:
            response = get_response(request)
        finally:
            context.enter(None)
        response["X-Request-ID"] = str(here.request_id)
        return response

    return middleware
