"""/cases/"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.models import Patient
from diagnosis.models import Case
from diagnosis.models.case import assay_choices
from diagnosis.services.cases import open_case, set_urgency


class VisiblePatient(serializers.PrimaryKeyRelatedField[Patient]):
    """A patient by id. One who is not yours does not exist."""

    default_error_messages = {"does_not_exist": "There is no such patient."}

    def get_queryset(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.context["request"].user)


class CaseSerializer(KnownFields, serializers.ModelSerializer[Case]):
    url = serializers.HyperlinkedIdentityField(view_name="api:case-detail")
    images_url = serializers.HyperlinkedIdentityField(
        view_name="api:case-images", help_text="POST images of this case here."
    )
    reanalyses_url = serializers.HyperlinkedIdentityField(
        view_name="api:case-reanalyses", help_text="POST here to have its images read anew by the active version."
    )
    patient = VisiblePatient(pk_field=serializers.UUIDField())

    class Meta:
        model = Case
        fields = [
            "id",
            "url",
            "patient",
            "assay",
            "specimen_date",
            "urgency",
            "note",
            "micrometres_per_pixel",
            "created_at",
            "images_url",
            "reanalyses_url",
        ]
        read_only_fields = ["created_at"]


class CaseUrgencySerializer(KnownFields, serializers.ModelSerializer[Case]):
    """What of a case can be changed."""

    class Meta:
        model = Case
        fields = ["urgency"]
        extra_kwargs = {"urgency": {"required": True}}


class CaseFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    patient = filters.UUIDFilter(help_text="Only this patient's.")
    assay = filters.ChoiceFilter(choices=assay_choices, help_text="Only of this assay.")


class CaseViewSet(ClinicalResource[Case]):
    """Cases: one specimen of one patient, with the images taken of it."""

    queryset = Case.objects.none()
    narrowed_actions = ("list", "retrieve", "create", "partial_update")
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    ordering_fields = ("created_at", "specimen_date")
    singular, plural = "case", "cases"

    def get_queryset(self) -> QuerySet[Case]:
        return Case.objects.visible_to(self.request.user)

    def patient_of(self, item: Case) -> UUID:
        return item.patient_id

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open a case."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        case = open_case(opened_by=self.person, **serializer.validated_data)
        return self.answer_with(case, status.HTTP_201_CREATED)

    @extend_schema(request=CaseUrgencySerializer, responses=CaseSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say how urgent the case is; nothing else of it can be changed."""
        case = self.get_object()
        serializer = CaseUrgencySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changed = set_urgency(case=case, urgency=serializer.validated_data["urgency"], set_by=self.person)
        return self.answer_with(changed)
