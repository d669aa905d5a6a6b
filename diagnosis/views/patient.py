"""A patient's page."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.selectors.emergency_access import know_emergencies
from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.selectors.history import page_of_history
from diagnosis.selectors.probabilities import courses_of
from diagnosis.views.record import patient_or_way_on


@never_cache
@require_safe
def patient(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Who the patient is, and the history of cases, predictions, readings and reports, newest first."""
    patient = patient_or_way_on(request, pk, "diagnosis:patient")
    if isinstance(patient, HttpResponse):
        return patient
    know_emergencies(request.user)
    context = {
        "patient": patient,
        "history": page_of_history(patient=patient, person=request.user, number=request.GET.get("page", 1)),
        "courses": courses_of(patient=patient, person=request.user),
    }
    audit.record(actor=request.user, action="patient.viewed", subject=patient, patient_id=patient.pk)
    return render(request, "diagnosis/patient.html", context)
