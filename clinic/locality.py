"""Every page in the person's language and time; programs get English and the site's time, whatever they ask for."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from clinic.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]


def locality(get_response: GetResponse) -> GetResponse:
    """Middleware: answer in the language and the time zone of who asks. The person must be known by now."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language, zone = _of_a_program() if request.path_info.startswith("/api/") else _of_a_person(request)
        with translation.override(language), timezone.override(zone):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def browser_zone(request: HttpRequest) -> str:
    """The time zone that the browser told, or an empty text."""
    told = request.COOKIES.get(settings.TIME_ZONE_COOKIE_NAME, "")
    return told if told in known_zones() else ""


@cache
def known_zones() -> frozenset[str]:
    """The names of all time zones that this machine knows."""
    return frozenset(available_timezones())


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of this name; None, which stands for the site's own, when it is not (or no longer) known."""
    return ZoneInfo(name) if name in known_zones() else None


def _of_a_program() -> tuple[str, None]:
    return settings.LANGUAGE_CODE, None


def _of_a_person(request: HttpRequest) -> tuple[str, ZoneInfo | None]:
    person = request.user if isinstance(request.user, User) else None
    language = (person and person.language) or translation.get_language_from_request(request)
    return language, zone_named((person and person.time_zone) or browser_zone(request))
