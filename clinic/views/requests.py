"""Requests behind the sign-in, and who may make them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from clinic.models import User


class SignedInRequest(HttpRequest):
    """A request of a person: LoginRequiredMiddleware lets no other through."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]


def only(allowed: Callable[[User], bool]) -> Callable[[View], View]:
    """Answer 403 to everybody else, before anything is looked up.

    For pages that are no object: a hidden object is a 404 (see `visible_to`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def for_allowed(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not allowed(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return for_allowed

    return decorate


doctors_only = only(lambda person: person.is_doctor)
administrators_only = only(lambda person: person.is_administrator)
auditors_only = only(lambda person: person.is_auditor)
