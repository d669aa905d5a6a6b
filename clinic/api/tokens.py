"""/tokens/: signing in and out."""

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.authentication import TokenAuthentication
from clinic.api.errors import Conflict
from clinic.api.resources import Endpoint
from clinic.api.serializers import KnownFields
from clinic.api.throttles import SignInsPerAccount, SignInsPerAddress
from clinic.models import ApiToken, TokenScope, User
from clinic.services.tokens import issue_token, revoke_token


class CredentialsSerializer(KnownFields):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, style={"input_type": "password"})
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
    throttle_classes = [SignInsPerAddress, SignInsPerAccount]

    def get_authenticate_header(self, request: Request) -> str:
        return str(TokenAuthentication().authenticate_header(request))  # type: ignore[no-untyped-call]

    @extend_schema(request=CredentialsSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in with email address and password; the answer holds a token."""
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = authenticate(request, username=body.validated_data["email"], password=body.validated_data["password"])
        if not isinstance(person, User):
            raise AuthenticationFailed("The email address or the password is wrong.", code="wrong_credentials")
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
