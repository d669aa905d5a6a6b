"""/erasures/: requests to erase a record, made by its care team and decided by an administrator."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.models import Erasure, ErasureReason, ErasureState, Patient
from diagnosis.api.cases import VisiblePatient
from diagnosis.api.record_entries import AskedByDoctorsDecidedByAdministrators, ColleagueSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.services.erasure import carry_out_erasure, refuse_erasure, request_erasure, withdraw_erasure


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    url = serializers.HyperlinkedIdentityField(view_name="api:erasure-detail")
    patient = serializers.UUIDField(source="patient_id")
    requested_by = ColleagueSerializer()
    decided_by = ColleagueSerializer(allow_null=True)

    class Meta:
        model = Erasure
        fields = ["id", "url", "patient", "reason", "state", "requested_at", "requested_by", "decided_at", "decided_by"]


class NewErasureSerializer(KnownFields):
    patient = VisiblePatient(pk_field=serializers.UUIDField())
    reason = serializers.ChoiceField(choices=ErasureReason.choices)


class CarryOutSerializer(KnownFields):
    patient = serializers.UUIDField(help_text="The record's id once more: no slip erases.")


class ErasureFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    patient = filters.UUIDFilter(field_name="patient_id", help_text="Only of this record.")
    state = filters.ChoiceFilter(choices=ErasureState.choices, help_text="Only in this state.")


class ErasureViewSet(ClinicalResource[Erasure]):
    """Requests: for a doctor those about own patients, for an administrator all. Ids and codes, never a name."""

    without_body = ("withdraw", "refuse")
    queryset = Erasure.objects.none()
    serializer_class = ErasureSerializer
    filterset_class = ErasureFilter
    permission_classes = [IsAuthenticated, AskedByDoctorsDecidedByAdministrators]
    singular, plural = "erasure", "erasures"
    decisions = ("carry_out", "refuse")

    def get_queryset(self) -> QuerySet[Erasure]:
        rows = Erasure.objects.select_related("requested_by", "decided_by").annotate(created_at=F("requested_at"))
        if self.person.is_administrator:
            return rows
        return rows.filter(patient_id__in=Patient.objects.visible_to(self.person).values("pk"))

    def patient_of(self, item: Erasure) -> UUID:
        return item.patient_id

    def note_list(self, page: Sequence[Erasure]) -> None:
        """An administrator sees an id that stands for nobody to them, as on the page."""
        if not self.person.is_administrator:
            super().note_list(page)

    def note_read(self, item: Erasure) -> None:
        if not self.person.is_administrator:
            super().note_read(item)

    @extend_schema(request=NewErasureSerializer, responses={201: ErasureSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for a record to be erased. 409, with the date, while it must be kept. Only the care team can."""
        body = NewErasureSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        reason = ErasureReason(body.validated_data["reason"])
        with refusals_as_conflicts():
            asked = request_erasure(patient=body.validated_data["patient"], reason=reason, requested_by=self.person)
        return self.answer_with(asked, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the request back. Anybody on the care team can."""
        asked = self.get_object()
        with refusals_as_conflicts():
            withdraw_erasure(erasure=asked, withdrawn_by=self.person)
        return self._decided()

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Decide that the record stays. For administrators."""
        asked = self.get_object()
        with refusals_as_conflicts():
            refuse_erasure(erasure=asked, refused_by=self.person)
        return self._decided()

    @extend_schema(request=CarryOutSerializer, responses=ErasureSerializer)
    @action(detail=True, methods=["post"], url_path="carry-out")
    def carry_out(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Erase the record for good. For administrators."""
        asked = self.get_object()
        body = CarryOutSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if body.validated_data["patient"] != asked.patient_id:
            raise exceptions.ValidationError({"patient": ["This is not the id of the record to erase."]})
        with refusals_as_conflicts():
            carry_out_erasure(erasure=asked, carried_out_by=self.person)
        return self._decided()

    def _decided(self) -> Response:
        return self.answer_with(self.get_object())
