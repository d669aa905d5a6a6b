"""/patients/<id>/trail/: who saw or changed anything of a patient."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.resources import Resource
from clinic.models import AuditEvent, Patient
from clinic.selectors.audit import find_events
from clinic.services import audit
from diagnosis.api.record_entries import ColleagueSerializer


class PatientEventSerializer(serializers.ModelSerializer[AuditEvent]):
    actor = ColleagueSerializer(allow_null=True, help_text="null: the system.")
    purpose = serializers.CharField(help_text="Empty: from before it was noted.")

    class Meta:
        model = AuditEvent
        fields = ["id", "occurred_at", "actor", "role", "action", "purpose"]


class PatientTrail(Resource[AuditEvent]):
    """The trail about one patient."""

    queryset = AuditEvent.objects.none()
    serializer_class = PatientEventSerializer

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return find_events(patient=self.kwargs["pk"]).annotate(created_at=F("occurred_at"))

    @extend_schema(operation_id="patients_trail_list")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everybody who looked at or changed anything of the patient."""
        self.patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=kwargs["pk"])
        return super().list(request, *args, **kwargs)

    def note_list(self, page: Sequence[AuditEvent]) -> None:
        audit.record(actor=self.person, action="patient.trail_viewed", subject=self.patient, patient_id=self.patient.pk)
