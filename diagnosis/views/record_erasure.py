"""Asking for a record to be erased, and taking that back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.models import Erasure, ErasureReason, ErasureState, Patient
from clinic.views.requests import SignedInRequest
from diagnosis.record_forms import ErasureForm
from diagnosis.selectors.retention import must_be_kept
from diagnosis.services.erasure import request_erasure, withdraw_erasure
from diagnosis.views.record import visible_patient


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record_erasure(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Why the record cannot be erased yet, or the form to ask for it, or the button that takes the request back."""
    patient = visible_patient(request, pk)
    waiting = Erasure.objects.filter(patient_id=patient.pk, state=ErasureState.REQUESTED)
    current = waiting.select_related("requested_by").first()
    form = ErasureForm(request.POST or None)
    withdraws = "withdraw" in request.POST
    if withdraws or form.is_valid():
        try:
            _act(request, patient, current if withdraws else None, form)
        except ValidationError as error:
            form.errors.clear()
            form.add_error(None, error.messages)
        else:
            return redirect("diagnosis:record", pk=patient.pk)
    context = {"patient": patient, "form": form, "current": current, "kept": must_be_kept(patient)}
    return render(request, "diagnosis/record_erasure.html", context, status=400 if form.errors else 200)


def _act(request: SignedInRequest, patient: Patient, withdrawn: Erasure | None, form: ErasureForm) -> None:
    if withdrawn:
        withdraw_erasure(erasure=withdrawn, withdrawn_by=request.user)
        messages.success(request, _("The request is withdrawn: the record stays."))
    elif "withdraw" in request.POST:
        raise ValidationError(_("This request was withdrawn or decided already."))
    else:
        request_erasure(patient=patient, reason=ErasureReason(form.cleaned_data["reason"]), requested_by=request.user)
        messages.success(request, _("The erasure is requested: an administrator decides."))
