"""Who must bring a second step and has none yet reaches nothing but the pages that set it up."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from clinic.api.problems import MEDIA_TYPE, problem
from clinic.models import User
from clinic.selectors.second_step import SET_UP_FIRST, must_enrol

OPEN = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "clinic:health_live",
        "clinic:health_ready",
        "clinic:session",
        "clinic:sign_out",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_index",
        "mfa_view_recovery_codes",
    }
)


class RequireSecondStep:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Send the person to the set-up, and a program that rides on their session away."""
        match = request.resolver_match
        if match is None or match.view_name in OPEN:
            return None
        if not isinstance(request.user, User) or not must_enrol(request.user):
            return None
        if request.path_info.startswith("/api/"):
            document = problem(status=403, code="second_step_not_set_up", detail=SET_UP_FIRST)
            return JsonResponse(document, status=403, content_type=MEDIA_TYPE)
        return redirect("mfa_index")
