"""/tokens/: signing in and out."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.accounts.codes import accepts_code
from clinic.api.authentication import TokenAuthentication
from clinic.api.errors import Conflict
from clinic.api.resources import Endpoint
from clinic.api.serializers import KnownFields
from clinic.models import ApiToken, TokenScope, User
from clinic.selectors.second_step import SET_UP_FIRST, is_set_up
from clinic.services.sign_in import check_password, note_sign_in
from clinic.services.sign_in_limits import TooManyTries
from clinic.services.tokens import issue_token, revoke_token

WRONG = "The email address or the password is wrong."
CODE_NEEDED = "Send a code of your authenticator app, or a recovery code, as `code`."
CODE_WRONG = "The code is wrong, or was used before."


class CredentialsSerializer(KnownFields):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=settings.LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"}
    )
    code = serializers.CharField(
        max_length=50, required=False, help_text="The second step, for people who have set one up."
    )
    scope = serializers.ChoiceField(
        choices=TokenScope.choices, default=TokenScope.WRITE, help_text="A `read` token changes nothing."
    )


class TokenSerializer(serializers.Serializer[object]):
    token = serializers.CharField(source="text", help_text="Send it as `Authorization: Token ...`. It is told once.")
    scope = serializers.ChoiceField(choices=TokenScope.choices)
    expires_at = serializers.DateTimeField()


class TokensView(Endpoint):
    """Sign in."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        return str(TokenAuthentication().authenticate_header(request))  # type: ignore[no-untyped-call]

    @extend_schema(request=CredentialsSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in with email address and password, and a code if you have a second step; the answer holds a token."""
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = _person(email=body.validated_data["email"], password=body.validated_data["password"])
        _check_second_step(person, body.validated_data.get("code"))
        note_sign_in(person=person, way="api")
        token = issue_token(person=person, scope=TokenScope(body.validated_data["scope"]))
        return Response(TokenSerializer(token).data, status=status.HTTP_201_CREATED)


class CurrentTokenView(Endpoint):
    """The token this very request came with."""

    reading_actions = ("delete",)  # a token that may only read can still be given back

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out: the token is worthless from now on."""
        if not isinstance(request.auth, ApiToken) or not isinstance(request.user, User):
            raise Conflict("This request did not come with a token.")
        revoke_token(token=request.auth, revoked_by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(*, email: str, password: str) -> User:
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
