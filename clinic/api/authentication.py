"""Signing in to the REST API with a token."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from clinic.api.permissions import is_narrowed, only_reads
from clinic.models import ApiToken, User
from clinic.selectors.second_step import SET_UP_FIRST, must_enrol

NOBODY_ANSWERS = "No active doctor answers for this program any more. Please tell your administrator."
LAST_USE_KEPT_TO = timedelta(minutes=1)  # so that a busy program does not write a row with every request


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token ...`; the database holds only the token's hash."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's owner and the token. One that may only read changes nothing, whatever the address.

        One that is for some assays is refused wherever nobody has made sure that the others stay hidden.
        """
        found: tuple[User, ApiToken] | None = super().authenticate(request)  # type: ignore[no-untyped-call]
        if found and found[1].is_read_only and not only_reads(request, request.parser_context["view"]):
            raise PermissionDenied("This token may only read.", code="read_only_token")
        if found and found[1].assays is not None and not is_narrowed(request, request.parser_context["view"]):
            raise PermissionDenied("This token is for some assays only. It cannot be used here.", code="limited_token")
        return found

    def authenticate_credentials(self, token: bytes) -> Any:
        """The token's owner. A token that is not even text is as invalid as any other."""
        try:
            text = token.decode()
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None
        if "\x00" in text:
            raise AuthenticationFailed("Invalid token.")
        person, found = super().authenticate_credentials(token)  # type: ignore[no-untyped-call]
        if must_enrol(person):
            raise AuthenticationFailed(SET_UP_FIRST, code="second_step_not_set_up")
        if person.is_program and not person.is_answered_for:
            raise AuthenticationFailed(NOBODY_ANSWERS, code="nobody_answers")
        if found.assays is not None:
            person.only_assays = frozenset(found.assays)  # from here on `visible_to` shows nothing else
        _note_use(found)
        return person, found


def _note_use(token: ApiToken) -> None:
    if token.last_used_at is None or token.last_used_at < timezone.now() - LAST_USE_KEPT_TO:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token ` and the token that POST /api/v1/tokens/ gave you.",
        }
