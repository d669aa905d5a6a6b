"""Who may change anything through the API. What they may see is decided by `visible_to`."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from clinic.models import User

if TYPE_CHECKING:  # the REST framework's views import this module through its settings
    from rest_framework.views import APIView


def only_reads(request: Request, view: "APIView") -> bool:
    """Whether the request changes nothing: by its method, or because the view says so of a POST that only asks."""
    return request.method in SAFE_METHODS or asked_of(request, view) in getattr(view, "reading_actions", ())


def is_narrowed(request: Request, view: "APIView") -> bool:
    """Whether the view has said of what it is asked that it shows and changes nothing but what `visible_to` lets it.

    Only then may a token for some assays be used.
    """
    return asked_of(request, view) in getattr(view, "narrowed_actions", ())


def asked_of(request: Request, view: "APIView") -> str:
    """The view's name for what is asked of it: an action, or the method."""
    return getattr(view, "action", None) or (request.method or "").lower()


class DoctorsChange(BasePermission):
    """Only doctors and their programs change clinical data; for anyone else the lists are simply empty."""

    message = "Only doctors can do this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return only_reads(request, view) or (isinstance(request.user, User) and request.user.sees_patients)


class AdministratorsChange(BasePermission):
    """Everybody reads, administrators change: for what belongs to the site and to no patient."""

    message = "Only administrators can do this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return only_reads(request, view) or (isinstance(request.user, User) and request.user.is_administrator)


class AdministratorsOnly(BasePermission):
    """For what only administrators see."""

    message = "Only administrators can do this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, User) and request.user.is_administrator


class AuditorsOnly(BasePermission):
    """People who read the trail."""

    message = "Only auditors can do this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, User) and request.user.is_auditor
