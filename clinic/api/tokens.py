"""/tokens/: signing in and out, and what one is signed in with."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.accounts.codes import accepts_code
from clinic.api.authentication import TokenAuthentication
from clinic.api.errors import Conflict
from clinic.api.resources import Endpoint, Resource
from clinic.api.token_bodies import (
    CredentialsSerializer,
    IssuedTokenSerializer,
    TokenSerializer,
    lifetime_of,
    told_once,
)
from clinic.models import ApiToken, TokenScope, User
from clinic.selectors.api_tokens import good_tokens
from clinic.selectors.second_step import SET_UP_FIRST, is_set_up
from clinic.services.sign_in import check_password, note_sign_in
from clinic.services.sign_in_limits import TooManyTries
from clinic.services.tokens import issue_token, revoke_token

WRONG = "The email address or the password is wrong."
CODE_NEEDED = "Send a code of your authenticator app, or a recovery code, as `code`."
CODE_WRONG = "The code is wrong, or was used before."


class TokenViewSet(Resource[ApiToken]):
    """One's own tokens. Their texts are not among what is told: they are told once."""

    without_body = ("destroy",)
    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    lookup_field = "public_id"
    lookup_url_kwarg = "id"

    def get_authenticators(self) -> list[BaseAuthentication]:
        signs_in = getattr(self.request, "method", "") == "POST" and "id" not in self.kwargs
        return [] if signs_in else super().get_authenticators()

    def get_permissions(self) -> Sequence[BasePermission]:
        return [AllowAny()] if self.action == "create" else [IsAuthenticated()]

    def get_authenticate_header(self, request: Request) -> str:
        return str(TokenAuthentication().authenticate_header(request))  # type: ignore[no-untyped-call]

    def get_queryset(self) -> QuerySet[ApiToken]:
        return good_tokens(self.person).annotate(created_at=F("created"), id=F("public_id"))

    @extend_schema(request=CredentialsSerializer, responses={201: IssuedTokenSerializer}, auth=[])
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Sign in with email address and password, and a code if you have a second step; the answer holds a token.

        Each call makes another one; say in `name` which program it is for, and give it no more than it needs.
        """
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entries = body.validated_data
        person = person_with(email=entries["email"], password=entries["password"])
        _check_second_step(person, entries.get("code"))
        issued = issue_token(
            person=person,
            scope=TokenScope(entries["scope"]),
            name=entries["name"],
            assays=entries.get("assays"),
            lifetime=lifetime_of(entries),
        )
        note_sign_in(person=person, way="api")
        return Response(told_once(issued), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Revoke one of your tokens: it is worthless from now on."""
        revoke_token(token=self.get_object(), revoked_by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CurrentTokenView(Endpoint):
    """The token this very request came with."""

    reading_actions = ("delete",)  # a token that may only read can still be given back
    narrowed_actions = ("delete",)
    without_body = ("delete",)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out: the token is worthless from now on."""
        if not isinstance(request.auth, ApiToken) or not isinstance(request.user, User):
            raise Conflict("This request did not come with a token.")
        revoke_token(token=request.auth, revoked_by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def person_with(*, email: str, password: str) -> User:
    """The person to whom address and password belong; tries are counted as on the page."""
    try:
        person = check_password(email=email, password=password, way="api")
    except TooManyTries as refusal:
        raise Throttled(refusal.wait) from None
    if person is None:
        raise AuthenticationFailed(WRONG, code="wrong_credentials")
    return person


def _check_second_step(person: User, code: str | None) -> None:
    """A password alone is not enough for who has a second step, or must have one."""
    if is_set_up(person):
        if not code:
            raise AuthenticationFailed(CODE_NEEDED, code="second_step_required")
        if not accepts_code(person=person, code=code):
            raise AuthenticationFailed(CODE_WRONG, code="wrong_code")
    elif person.needs_second_step:
        raise PermissionDenied(SET_UP_FIRST, code="second_step_not_set_up")
