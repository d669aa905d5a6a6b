"""Placing and lifting a restriction or a legal hold."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.models import HoldKind, Patient
from clinic.services.holds import lift_hold, place_hold
from clinic.views.requests import SignedInRequest
from diagnosis.record_forms import HoldForm
from diagnosis.views.record import visible_patient


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record_hold(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """A form with the reason: to place a hold of this kind, or to lift the one that is there."""
    patient = visible_patient(request, pk)
    if kind not in HoldKind.values:
        raise Http404
    current = patient.holds.filter(kind=kind, lifted_at=None).select_related("placed_by").first()
    form = HoldForm(request.POST or None, initial={"hold": current.pk if current else None})
    if form.is_valid():
        try:
            _act(request, patient, HoldKind(kind), form)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("diagnosis:record", pk=patient.pk)
    context = {"patient": patient, "form": form, "kind": HoldKind(kind), "current": current}
    return render(request, "diagnosis/record_hold.html", context, status=400 if form.errors else 200)


def _act(request: SignedInRequest, patient: Patient, kind: HoldKind, form: HoldForm) -> None:
    """Lift the hold that the form was about. A second click lifts nothing that was placed since, and places nothing."""
    reason, lifted = form.cleaned_data["reason"], form.cleaned_data["hold"]
    if lifted:
        hold = get_object_or_404(patient.holds.filter(kind=kind), pk=lifted)
        lift_hold(hold=hold, reason=reason, lifted_by=request.user)
    else:
        place_hold(patient=patient, kind=kind, reason=reason, placed_by=request.user)
