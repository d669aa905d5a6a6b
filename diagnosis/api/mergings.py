"""/mergings/: two records of one patient made one, and two again."""

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
from clinic.models import Merging, Patient
from diagnosis.api.cases import VisiblePatient
from diagnosis.api.record_entries import ColleagueSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.services.merging import merge_records, undo_merging


class MergingSerializer(serializers.ModelSerializer[Merging]):
    url = serializers.HyperlinkedIdentityField(view_name="api:merging-detail")
    merged_by = ColleagueSerializer()
    undone_by = ColleagueSerializer(allow_null=True)

    class Meta:
        model = Merging
        fields = ["id", "url", "kept", "merged", "merged_at", "merged_by", "undone_at", "undone_by"]


class NewMergingSerializer(KnownFields):
    kept = VisiblePatient(pk_field=serializers.UUIDField(), help_text="The record that stays.")
    merged = VisiblePatient(
        pk_field=serializers.UUIDField(), help_text="The record whose cases and care team move there."
    )


class MergingFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    kept = filters.UUIDFilter(help_text="Only into this record.")


class MergingViewSet(ClinicalResource[Merging]):
    """Mergings of records you see."""

    without_body = ("undo",)
    queryset = Merging.objects.none()
    serializer_class = MergingSerializer
    filterset_class = MergingFilter
    singular, plural = "merging", "mergings"

    def get_queryset(self) -> QuerySet[Merging]:
        visible = Merging.objects.filter(kept__in=Patient.objects.visible_to(self.request.user))
        return visible.select_related("merged_by", "undone_by").annotate(created_at=F("merged_at"))

    def patient_of(self, item: Merging) -> UUID:
        return item.kept_id

    @extend_schema(request=NewMergingSerializer, responses={201: MergingSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one record of two. Only who is on both care teams can. Compare the two first: they are one patient's."""
        body = NewMergingSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        with refusals_as_conflicts():
            merging = merge_records(merged_by=self.person, **body.validated_data)
        return self.answer_with(merging, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=MergingSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make two records again: what came with the merged one goes back, whatever is newer stays."""
        with refusals_as_conflicts():
            undo_merging(merging=self.get_object(), undone_by=self.person)
        return self.answer_with(self.get_object())
