"""/patients/<id>/care-team/ and /doctors/search/: who looks after a patient."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import Conflict
from clinic.api.resources import ClinicalResource, Resource
from clinic.api.serializers import KnownFields
from clinic.models import CareTeamMembership, Patient, User
from clinic.selectors.care_teams import (
    MOST_DOCTORS,
    SHORTEST_QUERY,
    active_doctors,
    find_doctors,
    team_of,
    who_can_join,
)
from clinic.services import audit
from clinic.services.care_teams import add_to_care_team, hand_over, leave_care_team, take_program_off


class DoctorSerializer(serializers.ModelSerializer[User]):
    is_program = serializers.BooleanField(read_only=True, help_text="True: no person, but a service account.")
    email = serializers.SerializerMethodField(help_text="null: a program has none.")

    class Meta:
        model = User
        fields = ["id", "full_name", "email", "is_program"]

    def get_email(self, doctor: User) -> str | None:
        return None if doctor.is_program else doctor.email


class MemberSerializer(serializers.ModelSerializer[CareTeamMembership]):
    doctor = DoctorSerializer(source="user")
    added_by = serializers.UUIDField(source="added_by_id")

    class Meta:
        model = CareTeamMembership
        fields = ["doctor", "added_at", "added_by"]


class CareTeamSerializer(serializers.Serializer[Any]):
    members = MemberSerializer(many=True, help_text="In the order in which they came.")


class ActiveDoctor(serializers.PrimaryKeyRelatedField[User]):
    """A doctor by id. Whoever is none, or deactivated, does not exist."""

    default_error_messages = {"does_not_exist": "There is no such doctor."}

    def get_queryset(self) -> QuerySet[User]:
        return active_doctors()


class CanJoin(ActiveDoctor):
    """A doctor by id, or a program."""

    def get_queryset(self) -> QuerySet[User]:
        return who_can_join()


class NewMemberSerializer(KnownFields):
    doctor = CanJoin(pk_field=serializers.UUIDField(), help_text="As found by /api/v1/doctors/search/.")


class DoctorSearchSerializer(KnownFields):
    search = serializers.CharField(
        min_length=SHORTEST_QUERY, max_length=200, help_text="Words that all occur in the doctor's name or address."
    )


class DoctorsFoundSerializer(serializers.Serializer[object]):
    results = DoctorSerializer(many=True, help_text=f"At most {MOST_DOCTORS}.")


class CareTeamViewSet(ClinicalResource[Patient]):
    """A patient's care team: the doctors who see the patient."""

    without_body = ("leave", "take_off")
    queryset = Patient.objects.none()
    serializer_class = CareTeamSerializer
    singular, plural = "care_team", "care_teams"

    def get_queryset(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.request.user)

    def patient_of(self, item: Patient) -> UUID:
        return item.pk

    def shown(self, item: Patient) -> Any:
        return CareTeamSerializer({"members": team_of(item)}).data

    @extend_schema(responses=CareTeamSerializer, operation_id="patients_care_team_retrieve")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who is on the team."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        request=NewMemberSerializer, responses={201: CareTeamSerializer}, operation_id="patients_care_team_share"
    )
    def share(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a colleague."""
        patient = self.get_object()
        add_to_care_team(patient=patient, doctor=self._chosen(), added_by=self.person)
        return Response(self.shown(patient), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None}, operation_id="patients_care_team_leave")
    def leave(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Leave the team. The last doctor cannot."""
        try:
            leave_care_team(patient=self.get_object(), doctor=self.person)
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=NewMemberSerializer, responses={204: None}, operation_id="patients_care_team_hand_over")
    def hand_over(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A colleague joins and you leave, in one act."""
        hand_over(patient=self.get_object(), to=self._chosen(), handed_over_by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None}, operation_id="patients_care_team_take_off")
    def take_off(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a program off the team. People leave by themselves."""
        patient = self.get_object()
        member = get_object_or_404(patient.care_team_memberships.select_related("user"), user=kwargs["member"])
        take_program_off(patient=patient, program=member.user, taken_off_by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _chosen(self) -> User:
        body = NewMemberSerializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        doctor: User = body.validated_data["doctor"]
        return doctor


class DoctorViewSet(Resource[User]):
    """Doctors, to share patients with."""

    queryset = User.objects.none()
    serializer_class = DoctorSerializer

    @extend_schema(
        request=DoctorSearchSerializer, responses=DoctorsFoundSerializer, filters=False, operation_id="doctors_search"
    )
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Find active doctors by name or email address, and programs by name. Only for doctors."""
        body = DoctorSearchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = find_doctors(query=body.validated_data["search"])
        audit.record(actor=self.person, action="doctors.searched", subject=self.person, count=len(found))
        return Response(DoctorsFoundSerializer({"results": found}).data)
