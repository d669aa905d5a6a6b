"""/trail/: the audit trail, for auditors. Reading it is recorded."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.pagination import NewestFirst
from clinic.api.permissions import AuditorsOnly
from clinic.api.resources import Resource
from clinic.models import AuditEvent, Purpose
from clinic.selectors.audit import find_events, sign_in_failures
from clinic.services import audit

NAMED = ("person", "action", "patient", "since", "until")  # what of the filters is noted; an address is not


class LatestEvents(NewestFirst):
    """Newest first, by when it happened."""

    ordering = ("-occurred_at", "-id")


class SeenSerializer(serializers.ModelSerializer[AuditEvent]):
    """Who did what with the patient, and why."""

    id = serializers.IntegerField()
    person = serializers.UUIDField(source="actor_id", allow_null=True, help_text="null: the system itself, or nobody.")
    person_name = serializers.CharField(source="actor.full_name", default=None, allow_null=True)
    role = serializers.CharField(help_text="As it was then: doctor, administrator, auditor, program, or empty.")
    purpose = serializers.ChoiceField(choices=Purpose.choices, allow_blank=True)

    class Meta:
        model = AuditEvent
        fields = ["id", "occurred_at", "person", "person_name", "role", "action", "purpose"]


class EventSerializer(SeenSerializer):
    """A row of the trail. `position` and `hash` are its link in the chain."""

    patient = serializers.UUIDField(source="patient_id", allow_null=True)
    address = serializers.CharField(allow_null=True, help_text="The network address that it came from.")
    detail = serializers.DictField()
    position = serializers.IntegerField(source="link.position", default=None, allow_null=True)
    hash = serializers.CharField(source="link.hash", default=None, allow_null=True)

    class Meta(SeenSerializer.Meta):
        fields = [
            *SeenSerializer.Meta.fields,
            "subject_type",
            "subject_id",
            "patient",
            "address",
            "request_id",
            "detail",
            "position",
            "hash",
        ]


class AddressFilter(filters.CharFilter):  # type: ignore[misc]  # django-filter ships no types
    field_class = forms.GenericIPAddressField


class EventFilter(filters.FilterSet):  # type: ignore[misc]
    person = filters.UUIDFilter(help_text="Only this person's, or this program's.")
    action = filters.CharFilter(max_length=60, help_text="Only this action, such as `report.signed`.")
    patient = filters.UUIDFilter(help_text="Only about this patient, and records that were merged into theirs.")
    since = filters.DateFilter(help_text="From this day of the site's time zone on.")
    until = filters.DateFilter(help_text="Up to this day, included.")
    address = AddressFilter(help_text="Only from this network address.")

    def filter_queryset(self, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """As on the page."""
        return find_events(**self.form.cleaned_data).select_related("link")


class NoFilter(filters.FilterSet):  # type: ignore[misc]
    """All of them, whatever they are."""


class EventViewSet(Resource[AuditEvent]):
    """The audit trail."""

    queryset = AuditEvent.objects.none()
    serializer_class = EventSerializer
    filterset_class: type[filters.FilterSet] = EventFilter
    pagination_class = LatestEvents
    permission_classes = [IsAuthenticated, AuditorsOnly]
    ordering_fields = ("occurred_at",)
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.select_related("actor", "link")

    def note_list(self, page: Sequence[AuditEvent]) -> None:
        """Reading the trail about a patient is a look at that patient's id, and stands with the other looks."""
        asked = {name: self.request.query_params[name] for name in NAMED if name in self.request.query_params}
        patient = UUID(asked["patient"]) if "patient" in asked else None
        audit.record(
            actor=self.person, action="trail.viewed", subject=self.person, patient_id=patient, filters=asked, way="api"
        )

    def note_read(self, item: AuditEvent) -> None:
        audit.record(
            actor=self.person, action="trail.viewed", subject=item, patient_id=item.patient_id, filters={}, way="api"
        )


class FailedSignInViewSet(EventViewSet):
    """Attempts to sign in that failed, or were put off because there were too many."""

    filterset_class = NoFilter

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return sign_in_failures().select_related("actor", "link")

    def note_list(self, page: Sequence[AuditEvent]) -> None:
        audit.record(
            actor=self.person, action="trail.viewed", subject=self.person, filters={}, only="sign_ins", way="api"
        )

    @extend_schema(operation_id="trail_failed_sign_ins")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first. The subject is the account that was tried, known or not."""
        return super().list(request, *args, **kwargs)
