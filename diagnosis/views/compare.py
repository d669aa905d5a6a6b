"""What changed between two cases of a patient."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import Patient, User
from clinic.services import audit
from clinic.services.audit import Act
from clinic.views.requests import SignedInRequest
from diagnosis.comparing_forms import ComparingForm
from diagnosis.models import Case
from diagnosis.selectors.comparing import Comparison, compare


@never_cache
@require_safe
def compare_cases(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Two cases of one assay, figures and images side by side. Unless others are chosen, the two newest of an assay."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    cases = Case.objects.visible_to(request.user).filter(patient=patient).order_by("-specimen_date", "-created_at")
    form = ComparingForm(request.GET if {"first", "second"} & request.GET.keys() else None, cases=list(cases))
    comparison = None
    if not form.errors and form.pair:
        comparison = compare(cases=form.pair, person=request.user, chosen=form.chosen_images)
    _note(request.user, patient, comparison)
    context = {"patient": patient, "form": form, "comparison": comparison}
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "diagnosis/compare.html", context, status=status)


def _note(person: User, patient: Patient, comparison: Comparison | None) -> None:
    """A look at the patient, at both cases, and at the two images."""
    acts = [Act(action="patient.viewed", subject=patient, patient_id=patient.pk)]
    for side in comparison.sides if comparison else ():
        acts.append(Act(action="case.viewed", subject=side.case, patient_id=patient.pk))
        if side.shown:
            acts.append(Act(action="image.viewed", subject=side.shown.image, patient_id=patient.pk))
    audit.record_looks(actor=person, acts=acts)
