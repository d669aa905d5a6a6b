"""/patients/<id>/export/: all of one patient's data."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from clinic.api.errors import Conflict
from clinic.api.resources import Resource
from clinic.models import Patient
from diagnosis.api.files import AnyAccept
from diagnosis.services.patient_export import ExportWithheld, export_patient
from diagnosis.views.record_export import zip_of


class PatientExport(Resource[Patient]):
    """A patient's data as a zip."""

    queryset = Patient.objects.none()
    content_negotiation_class = AnyAccept

    def get_queryset(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.request.user)

    @extend_schema(
        responses={(200, "application/zip"): OpenApiTypes.BINARY}, filters=False, operation_id="patients_export"
    )
    def export(self, request: Request, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Everything: `patient.json`, the originals, masks, outlines and maps, and the trail as JSON and CSV.

        Each file is checked against its digest as it is read; one that is missing or damaged is named in
        `patient.json`, which comes last. For the patient's care team; the export is noted in the trail. Refused (409)
        while anything in it is withheld from the caller until they have read for themselves.
        """
        patient = self.get_object()
        try:
            return zip_of(patient, export_patient(patient=patient, exported_by=self.person))
        except ExportWithheld as error:
            raise Conflict(error.messages[0], code="withheld") from None
