"""/holds/: restrictions and legal holds of patients' records."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.models import HoldKind, Patient, RecordHold
from clinic.services.holds import lift_hold, place_hold
from diagnosis.api.cases import VisiblePatient
from diagnosis.api.record_entries import ColleagueSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.record_forms import LONGEST_REASON


class HoldSerializer(serializers.ModelSerializer[RecordHold]):
    url = serializers.HyperlinkedIdentityField(view_name="api:hold-detail")
    placed_by = ColleagueSerializer()
    lifted_by = ColleagueSerializer(allow_null=True)

    class Meta:
        model = RecordHold
        fields = [
            "id",
            "url",
            "patient",
            "kind",
            "reason",
            "placed_at",
            "placed_by",
            "lift_reason",
            "lifted_at",
            "lifted_by",
        ]


class LiftSerializer(KnownFields):
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Who asked, when and how.")


class NewHoldSerializer(LiftSerializer):
    patient = VisiblePatient(pk_field=serializers.UUIDField())
    kind = serializers.ChoiceField(choices=HoldKind.choices)


class HoldFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    patient = filters.UUIDFilter(help_text="Only this patient's.")
    kind = filters.ChoiceFilter(choices=HoldKind.choices, help_text="Only of this kind.")


class HoldViewSet(ClinicalResource[RecordHold]):
    """Holds, standing and lifted. A restriction freezes the record; a legal hold keeps it from being erased."""

    queryset = RecordHold.objects.none()
    serializer_class = HoldSerializer
    filterset_class = HoldFilter
    singular, plural = "hold", "holds"

    def get_queryset(self) -> QuerySet[RecordHold]:
        visible = RecordHold.objects.filter(patient__in=Patient.objects.visible_to(self.request.user))
        return visible.select_related("placed_by", "lifted_by").annotate(created_at=F("placed_at"))

    def patient_of(self, item: RecordHold) -> UUID:
        return item.patient_id

    @extend_schema(request=NewHoldSerializer, responses={201: HoldSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Restrict a record, or put it under a legal hold. Only the care team can."""
        body = NewHoldSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        entries = dict(body.validated_data)
        kind = HoldKind(entries.pop("kind"))
        with refusals_as_conflicts():
            hold = place_hold(kind=kind, placed_by=self.person, **entries)
        return self.answer_with(hold, status.HTTP_201_CREATED)

    @extend_schema(request=LiftSerializer, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Lift it. It stays on record."""
        hold = self.get_object()
        body = LiftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with refusals_as_conflicts():
            lift_hold(hold=hold, lifted_by=self.person, **body.validated_data)
        return self.answer_with(self.get_object())
