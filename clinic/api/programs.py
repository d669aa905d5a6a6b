"""/service-accounts/: programs that use the API under names of their own, for administrators."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.care_team import ActiveDoctor
from clinic.api.errors import Conflict
from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Resource
from clinic.api.serializers import KnownFields
from clinic.api.token_bodies import (
    IssuedTokenSerializer,
    TokenSerializer,
    assays_field,
    lifetime_field,
    lifetime_of,
    told_once,
)
from clinic.api.tokens import person_with
from clinic.models import ApiToken, TokenScope, User
from clinic.selectors.api_tokens import good_tokens
from clinic.selectors.programs import programs
from clinic.services import people
from clinic.services.programs import create_program, let_answer
from clinic.services.tokens import issue_program_token, revoke_token


class ServiceAccountSerializer(KnownFields, serializers.ModelSerializer[User]):
    url = serializers.HyperlinkedIdentityField(view_name="api:service-account-detail")
    answered_for_by = ActiveDoctor(pk_field=serializers.UUIDField(), help_text="The doctor who answers for it.")
    is_answered_for = serializers.BooleanField(
        read_only=True, help_text="False: the doctor is none any more, or deactivated, and the program can do nothing."
    )

    class Meta:
        model = User
        fields = ["id", "url", "full_name", "answered_for_by", "is_answered_for", "is_active", "created_at"]
        read_only_fields = ["is_active", "created_at"]


class AnswerSerializer(KnownFields):
    answered_for_by = ActiveDoctor(pk_field=serializers.UUIDField(), help_text="The doctor who answers for it.")


class NewTokenSerializer(KnownFields):
    name = serializers.CharField(max_length=100, help_text="What the token is for.")
    scope = serializers.ChoiceField(choices=TokenScope.choices, default=TokenScope.READ)
    assays = assays_field()
    lifetime_hours = lifetime_field(settings.PROGRAM_TOKEN_LONGEST)
    password = serializers.CharField(
        max_length=settings.LONGEST_PASSWORD,
        trim_whitespace=False,
        style={"input_type": "password"},
        help_text="Your own: a token alone makes no other.",
    )


class ServiceAccountViewSet(Resource[User]):
    """Programs: without a password, and with a doctor who answers for each."""

    without_body = ("deactivate", "reactivate")

    queryset = User.objects.none()
    serializer_class = ServiceAccountSerializer
    permission_classes = [IsAuthenticated, AdministratorsOnly]

    def get_queryset(self) -> QuerySet[User]:
        return programs()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a program. Doctors put it on care teams; it needs a token before it can do anything."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        entries = body.validated_data
        program = create_program(
            name=entries["full_name"], answered_for_by=entries["answered_for_by"], created_by=self.person
        )
        data = self.represent([program])[0]
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": data["url"]})

    @extend_schema(request=AnswerSerializer, responses=ServiceAccountSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let another doctor answer for it."""
        found = self.get_object()
        body = AnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        let_answer(program=found, doctor=body.validated_data["answered_for_by"], changed_by=self.person)
        return Response(self.represent([self.get_object()])[0])

    @extend_schema(request=None, responses=ServiceAccountSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Close the account: its tokens are worthless from the next request."""
        found = self.get_object()
        return self._changed(lambda: people.deactivate_person(person=found, deactivated_by=self.person))

    @extend_schema(request=None, responses=ServiceAccountSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open the account again. It needs new tokens."""
        found = self.get_object()
        return self._changed(lambda: people.reactivate_person(person=found, reactivated_by=self.person))

    def _changed(self, change: Callable[[], object]) -> Response:
        change()
        return Response(self.represent([self.get_object()])[0])


class ServiceAccountTokenViewSet(Resource[ApiToken]):
    """A program's tokens."""

    tells_secrets = True
    without_body = ("destroy",)

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()
    permission_classes = [IsAuthenticated, AdministratorsOnly]
    lookup_field = "public_id"
    lookup_url_kwarg = "token"

    def get_queryset(self) -> QuerySet[ApiToken]:
        return good_tokens(self._program()).annotate(created_at=F("created"), id=F("public_id"))

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the program a token: told once. The doctor who answers for it gets a mail."""
        program = self._program()
        body = NewTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entries = body.validated_data
        self._check_password(entries["password"])
        issued = self._issue(program, entries)
        return Response(told_once(issued), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Revoke one: it is worthless from now on."""
        revoke_token(token=self.get_object(), revoked_by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _check_password(self, password: str) -> None:
        """A token alone makes no other: one that was lost must not become many."""
        try:
            person_with(email=self.person.email, password=password)
        except AuthenticationFailed:
            raise PermissionDenied("This is not your password.", code="wrong_password") from None

    def _program(self) -> User:
        return get_object_or_404(programs(), pk=self.kwargs["account"])

    def _issue(self, program: User, entries: dict[str, Any]) -> Any:
        try:
            return issue_program_token(
                program=program,
                issued_by=self.person,
                name=entries["name"],
                scope=TokenScope(entries["scope"]),
                assays=entries.get("assays"),
                lifetime=lifetime_of(entries),
            )
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
