"""/people/: who may sign in, for administrators. By the same services as the pages; passwords are never seen."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import Conflict
from clinic.api.people_bodies import (
    InvitationSerializer,
    LinkSerializer,
    PersonSearchSerializer,
    PersonSerializer,
    RoleSerializer,
    peoples_roles,
)
from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Resource
from clinic.models import Role, User
from clinic.selectors.people import people
from clinic.services import people as services
from clinic.services.invitation_mail import send_link
from clinic.services.invitations import IssuedLink, invite_person, renew_link
from clinic.services.second_step import reset_second_step


class YesOrNoField(forms.Field):
    """`true` or `false`; any other word means nothing."""

    def to_python(self, value: str | None) -> bool | None:
        """What the word means; None for none."""
        if value not in {"true", "false", "", None}:
            raise ValidationError("Must be true or false.", code="invalid")
        return value == "true" if value else None


class YesOrNo(filters.BooleanFilter):  # type: ignore[misc]  # django-filter ships no types
    """django-filter's own takes any word for none, and would show everything."""

    field_class = YesOrNoField


class PersonFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    role = filters.ChoiceFilter(choices=peoples_roles, help_text="Only of this role.")
    is_active = YesOrNo(
        widget=forms.TextInput, help_text="Only those who are active, or only those who are deactivated."
    )


class PersonViewSet(Resource[User]):
    """People who may sign in. Nobody is ever deleted."""

    tells_secrets = True
    without_body = ("new_link", "deactivate", "reactivate", "reset_second_step")

    queryset = User.objects.none()
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    permission_classes = [IsAuthenticated, AdministratorsOnly]
    ordering_fields = ("created_at", "full_name")
    reading_actions = ("search",)
    parameter_hints = {"search": "Names do not belong in addresses: POST the text to /api/v1/people/search/."}

    def get_queryset(self) -> QuerySet[User]:
        return people()

    @extend_schema(
        request=PersonSearchSerializer,
        responses=PersonSerializer(many=True),
        filters=True,
        operation_id="people_search",
    )
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Find people by name or email address. Go on with the same body at `next`."""
        body = PersonSearchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.answer_with_page(people(query=body.validated_data["search"]))

    @extend_schema(request=InvitationSerializer, responses={201: LinkSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Invite somebody: they get a mail with a link by which they choose their password."""
        body = InvitationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entries = body.validated_data
        link = invite_person(
            email=entries["email"],
            full_name=entries["full_name"],
            role=Role(entries["role"]),
            invited_by=self.person,
        )
        return self._link_told(link)

    @extend_schema(request=None, responses={201: LinkSerializer}, operation_id="people_new_link")
    @action(detail=True, methods=["post"], url_path="new-link")
    def new_link(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send a new link to a person who lost the last one, or their password; the earlier link is worthless."""
        found = self.get_object()
        try:
            return self._link_told(renew_link(person=found, made_by=self.person))
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None

    @extend_schema(request=RoleSerializer, responses=PersonSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the person another role; they must sign in again, and their tokens are worthless."""
        found = self.get_object()
        body = RoleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        role = Role(body.validated_data["role"])
        return self._changed(lambda: services.change_role(person=found, role=role, changed_by=self.person))

    @extend_schema(request=None, responses=PersonSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Close the account: sessions and tokens end at once. What the person did stays under their name."""
        found = self.get_object()
        return self._changed(lambda: services.deactivate_person(person=found, deactivated_by=self.person))

    @extend_schema(request=None, responses=PersonSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open the account again, with the password and the second step it had."""
        found = self.get_object()
        return self._changed(lambda: services.reactivate_person(person=found, reactivated_by=self.person))

    @extend_schema(request=None, responses=PersonSerializer, operation_id="people_reset_second_step")
    @action(detail=True, methods=["post"], url_path="reset-second-step")
    def reset_second_step(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take away a second step that was lost, recovery codes too; sessions and tokens end at once."""
        found = self.get_object()
        return self._changed(lambda: reset_second_step(person=found, reset_by=self.person))

    def _changed(self, change: Callable[[], object]) -> Response:
        try:
            change()
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        return Response(self.represent([self.get_object()])[0])

    def _link_told(self, link: IssuedLink) -> Response:
        mailed = send_link(link)
        person = self.represent([people().get(pk=link.person.pk)])[0]
        body = {"person": person, "mailed": mailed, "link": None if mailed else link.address}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": person["url"]})
