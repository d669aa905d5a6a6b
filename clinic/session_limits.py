"""Sessions end after a while without the person doing anything, and at the latest after half a day."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from clinic.models import User
from clinic.services.sessions import note_expired

SIGNED_IN_AT = "signed_in_at"
ACTIVE_AT = "active_at"
GRAIN = 1 / 30  # of the idle time: how exactly activity is remembered, so that not every request writes it down
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

View = Callable[..., Any]


def does_not_prolong(view: View) -> View:
    """For views that pages ask by themselves again and again: reading them is no sign of a person."""
    view.is_polled = True  # type: ignore[attr-defined]
    return view


def seconds_left(session: SessionBase) -> int:
    """How long the session lasts when the person does nothing more."""
    now = time.time()
    idle = session.get(ACTIVE_AT, 0) + settings.SESSION_IDLE.total_seconds() - now
    longest = session.get(SIGNED_IN_AT, 0) + settings.SESSION_LONGEST.total_seconds() - now
    return max(0, int(min(idle, longest)))


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: object) -> None:
    """Every way of signing in begins the count. A session that was never begun has no time left."""
    request.session[SIGNED_IN_AT] = request.session[ACTIVE_AT] = time.time()


class SessionLimits:
    """Middleware: end a session whose time is over, remember activity on the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_signed_in(request) and not seconds_left(request.session):
            _end(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, _args: object, _kwargs: object) -> None:
        """Only now it is known whether the page asked by itself."""
        if _is_signed_in(request) and not _is_poll(request, view):
            now = time.time()
            if now - request.session[ACTIVE_AT] >= GRAIN * settings.SESSION_IDLE.total_seconds():
                request.session[ACTIVE_AT] = now


def _is_signed_in(request: HttpRequest) -> bool:
    return SESSION_KEY in request.session


def _is_poll(request: HttpRequest, view: View) -> bool:
    return request.method in SAFE_METHODS and (
        getattr(view, "is_polled", False) or request.path_info.startswith("/api/")
    )


def _end(request: HttpRequest) -> None:
    idle = request.session.get(ACTIVE_AT, 0) + settings.SESSION_IDLE.total_seconds() <= time.time()
    if isinstance(request.user, User):
        note_expired(person=request.user, why="idle" if idle else "longest")
    logout(request)
