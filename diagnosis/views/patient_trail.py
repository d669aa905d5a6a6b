"""Who saw this patient: the trail about one patient, for the care team."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import Patient
from clinic.selectors.audit import find_events, page_of_events
from clinic.services import audit
from clinic.trail_forms import PlaceForm
from clinic.views.requests import SignedInRequest


@never_cache
@require_safe
def patient_trail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Everybody who saw or changed anything of the patient, newest first."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    form = PlaceForm(request.GET)
    place = form.cleaned_data if form.is_valid() else {}
    page = page_of_events(find_events(patient=patient.pk), **place)
    audit.record(actor=request.user, action="patient.trail_viewed", subject=patient, patient_id=patient.pk)
    return render(request, "diagnosis/patient_trail.html", {"patient": patient, "page": page})
