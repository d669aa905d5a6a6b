"""Every answer, whatever made it, tells the browser to keep nothing, guess nothing and run nothing that is not ours."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

GetResponse = Callable[[HttpRequest], HttpResponse]


def safe_headers(get_response: GetResponse) -> GetResponse:
    """Outermost but for the policy of contents: also what another middleware refused goes through here."""
    security, frames = SecurityMiddleware(get_response), XFrameOptionsMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Django's own middleware stands further in, and misses the answers of those around it and its own refusals.
        security.process_response(request, response)
        frames.process_response(request, response)
        for name, value in settings.MORE_SECURE_HEADERS.items():
            response.headers[name] = value
        response.headers["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        if not _is_static(request, response):
            response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


def _is_static(request: HttpRequest, response: HttpResponse) -> bool:
    """Files that are the same for everybody may be kept; a refusal under their address may not."""
    return request.path.startswith(settings.STATIC_URL) and response.status_code < HTTPStatus.BAD_REQUEST
