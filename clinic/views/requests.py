"""Requests behind the sign-in, and who may make them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from clinic.models import User


class SignedInRequest(HttpRequest):
    """A request of a person: LoginRequiredMiddleware lets no other through."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]


def doctors_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 403 to everybody else. For pages that are no object: a hidden object is a 404 (see `visible_to`)."""

    @wraps(view)
    def for_doctors(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_doctor:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return for_doctors


def auditors_only(view: View) -> View:
    """Answer 403 to everybody else."""

    @wraps(view)
    def for_auditors(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_auditor:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return for_auditors
