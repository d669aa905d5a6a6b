"""How many requests a minute one token, person or address may make."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from clinic import request_context
from clinic.models import ApiToken, User
from clinic.services.request_counts import count_request
from clinic.services.sign_in_limits import network_of

if TYPE_CHECKING:  # the REST framework's views import this module through its settings
    from rest_framework.views import APIView


class RequestLimit(BaseThrottle):
    """Generous: it stops a program that runs wild, and no upload. A request counts once, whatever it carries."""

    seconds_left = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key, most = _counted_as(request)
        counted = count_request(key)
        self.seconds_left = counted.seconds_left
        return counted.count <= most

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return self.seconds_left


def _counted_as(request: Request) -> tuple[str, int]:
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.public_id}", settings.API_REQUESTS_PER_MINUTE
    if isinstance(request.user, User):
        return f"person:{request.user.pk}", settings.API_REQUESTS_PER_MINUTE
    here = request_context.current()
    return f"address:{network_of(here.address if here else None)}", settings.API_REQUESTS_PER_MINUTE_ANONYMOUS
