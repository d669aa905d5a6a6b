"""What the resources about a patient's record have in common: people by name."""

from typing import Any

from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from clinic.models import User


class ColleagueSerializer(serializers.ModelSerializer[User]):
    """Somebody who did something to the record, as its pages name them."""

    class Meta:
        model = User
        fields = ["id", "full_name"]


class DoctorsOnly(BasePermission):
    """For what belongs to doctors and their programs alone, reading too."""

    message = "Only doctors can do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and request.user.sees_patients


class AskedByDoctorsDecidedByAdministrators(BasePermission):
    """Everybody reads what they may see; the view's `decisions` are administrators', the rest is doctors'."""

    message = "Your role cannot do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS or not isinstance(request.user, User):
            return True
        decides = view.action in view.decisions
        return request.user.is_administrator if decides else request.user.is_doctor
