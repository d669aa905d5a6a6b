"""Handing out all of a patient's data."""

from collections.abc import Iterator
from uuid import UUID

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.models import Patient
from clinic.views.requests import SignedInRequest
from diagnosis.services.patient_export import ExportWithheld, export_patient
from diagnosis.views.record import visible_patient


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record_export(request: SignedInRequest, pk: UUID) -> HttpResponseBase:
    """Ask first; then send the zip."""
    patient = visible_patient(request, pk)
    refused = ""
    if request.method == "POST":
        try:
            return zip_of(patient, export_patient(patient=patient, exported_by=request.user))
        except ExportWithheld as error:
            refused = error.messages[0]
    context = {"patient": patient, "refused": refused}
    return render(request, "diagnosis/record_export.html", context, status=400 if refused else 200)


def zip_of(patient: Patient, chunks: Iterator[bytes]) -> StreamingHttpResponse:
    """An export on its way, under a name that names nobody."""
    response = StreamingHttpResponse(chunks, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="patient-{patient.pk}.zip"'
    response["X-Accel-Buffering"] = "no"  # a proxy hands on what it gets, instead of keeping a copy of it
    return response
