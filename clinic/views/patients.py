"""Finding and registering patients."""

from collections.abc import Sequence
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.forms import PatientForm, PatientSearchForm
from clinic.selectors.duplicates import Candidate
from clinic.selectors.emergency_access import know_emergencies
from clinic.selectors.patients import page_of_patients, search_patients
from clinic.services import audit
from clinic.services.patients import LikelyDuplicates, register_patient
from clinic.views.requests import SignedInRequest, doctors_only


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@doctors_only
def patients(request: SignedInRequest) -> HttpResponse:
    """The doctor's patients by name, and the search as one types.

    A search is a POST: what is typed is a name or a record number, and those stay out of addresses and logs.
    """
    form = PatientSearchForm(request.POST)
    form.is_valid()
    query, after, before = (form.cleaned_data.get(name) for name in ("query", "after", "before"))
    know_emergencies(request.user)
    found = search_patients(user=request.user, query=query or "")
    page = page_of_patients(patients=found, after=after, before=before)
    audit.record(actor=request.user, action="patients.searched", subject=request.user, count=len(page.patients))
    audit.record_patients_listed(actor=request.user, patients=[patient.pk for patient in page.patients])
    template = "clinic/_patient_list.html" if request.htmx else "clinic/patients.html"
    return render(request, template, {"form": form, "page": page, "query": query})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@doctors_only
def patient_new(request: SignedInRequest) -> HttpResponse:
    """Register a patient, then go on to the patient's page. Patients of the doctor who are alike are shown first."""
    form = PatientForm(request.POST or None)
    candidates: Sequence[Candidate] = ()
    if form.is_valid():
        try:
            patient = register_patient(registered_by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except LikelyDuplicates as found:
            candidates = found.candidates
        else:
            return redirect("diagnosis:patient", pk=patient.pk)
    status = HTTPStatus.CONFLICT if candidates else HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/patient_new.html", {"form": form, "candidates": candidates}, status=status)
