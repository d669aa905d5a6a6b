"""Every request gets an id and the address it came from, kept with whatever it writes to the audit trail."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clinic import request_context as context

GetResponse = Callable[[HttpRequest], HttpResponse]


def request_context(get_response: GetResponse) -> GetResponse:
    """Note the request's id and address while it is answered; the answer carries the id."""

    def middleware(request: HttpRequest) -> HttpResponse:
        here = context.RequestContext(address=_address_of(request))
        context.enter(here)
        vars(request)["request_id"] = here.request_id  # for what is written down afterwards
        try:
            response = get_response(request)
        finally:
            context.enter(None)
        response["X-Request-ID"] = str(here.request_id)
        return response

    return middleware


def _address_of(request: HttpRequest) -> str | None:
    """The client's address: what our own proxies saw, never what the client itself claims."""
    hops = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-settings.TRUSTED_PROXIES :]
    try:
        return str(ip_address(hops[0].strip()))
    except ValueError:
        return None
