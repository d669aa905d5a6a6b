"""Who may change anything through the API. What they may see is decided by `visible_to`."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from clinic.models import User


class DoctorsChange(BasePermission):
    """Only doctors change clinical data; for anyone else the lists are simply empty."""

    message = "Only doctors can do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        reads = request.method in SAFE_METHODS or getattr(view, "action", None) in getattr(view, "reading_actions", ())
        return reads or (isinstance(request.user, User) and request.user.is_doctor)
