"""A patient's record as a whole: what can be done with it, and what was done."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import Erasure, Patient
from clinic.selectors.merging import lives_on_in
from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.selectors.retention import kept_until


def visible_patient(request: SignedInRequest, pk: UUID) -> Patient:
    """The patient of a page, or 404. The page names the patient: that is a look."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    audit.record_look(actor=request.user, action="patient.viewed", subject=patient, patient_id=patient.pk)
    return patient


def patient_or_way_on(request: SignedInRequest, pk: UUID, view: str) -> Patient | HttpResponse:
    """The patient of a page; for the id of a merged record the way to the one it lives on in; or 404."""
    patient = Patient.objects.visible_to(request.user).filter(pk=pk).first()
    if patient:
        return patient
    lives_on = lives_on_in(patient_id=pk, user=request.user)
    if lives_on is None:
        raise Http404
    return redirect(view, pk=lives_on.pk, permanent=True)


@never_cache
@require_safe
def record(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Export, restriction, legal hold, merging and erasure: how things stand, and the way to each."""
    patient = patient_or_way_on(request, pk, "diagnosis:record")
    if isinstance(patient, HttpResponse):
        return patient
    audit.record(actor=request.user, action="patient.viewed", subject=patient, patient_id=patient.pk)
    holds = list(patient.holds.select_related("placed_by", "lifted_by"))
    context = {
        "patient": patient,
        "holds": holds,
        "restriction": next((one for one in holds if one.kind == "restriction" and not one.lifted_at), None),
        "legal_hold": next((one for one in holds if one.kind == "legal_hold" and not one.lifted_at), None),
        "mergings": patient.mergings.filter(undone_at=None).select_related("merged", "merged_by"),
        "erasure": Erasure.objects.filter(patient_id=pk, state="requested").select_related("requested_by").first(),
        "kept_until": kept_until(patient),
        "is_on_team": patient.care_team_memberships.filter(user=request.user).exists(),
    }
    return render(request, "diagnosis/record.html", context)
