"""Making one record of two: find the other, compare, confirm; and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.forms import PatientSearchForm
from clinic.models import Merging, Patient
from clinic.selectors.duplicates import likely_duplicates
from clinic.selectors.patients import search_patients
from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.record_forms import KeepForm
from diagnosis.services.merging import merge_records, undo_merging
from diagnosis.views.record import visible_patient

MOST_SHOWN = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record_merge(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Find the other record: those that are alike, or what is searched for (by POST: names stay out of addresses)."""
    patient = visible_patient(request, pk)
    form = PatientSearchForm(request.POST or None)
    query = form.cleaned_data["query"] if form.is_valid() else ""
    if query:
        found = list(search_patients(user=request.user, query=query).exclude(pk=patient.pk)[:MOST_SHOWN])
    else:
        found = [candidate.patient for candidate in likely_duplicates(user=request.user, sought=patient)]
    audit.record(actor=request.user, action="patients.searched", subject=request.user, count=len(found))
    audit.record_patients_listed(actor=request.user, patients=[one.pk for one in found])
    context = {"patient": patient, "form": form, "found": found, "query": query}
    return render(request, "diagnosis/record_merge.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record_merge_with(request: SignedInRequest, pk: UUID, other: UUID) -> HttpResponse:
    """Both records side by side, the choice which one is kept, and the act itself."""
    pair = (visible_patient(request, pk), visible_patient(request, other))
    form = KeepForm(request.POST or None)
    if form.is_valid():
        try:
            kept = _merge(request, pair, form.cleaned_data["keep"])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The two records are one now. This can be undone under Record."))
            return redirect("diagnosis:patient", pk=kept.pk)
    else:
        _note_looks(request, pair)
    context = {"patient": pair[0], "pair": [_described(one) for one in pair], "form": form}
    return render(request, "diagnosis/record_merge_with.html", context, status=400 if form.errors else 200)


def _merge(request: SignedInRequest, pair: tuple[Patient, Patient], keep: UUID) -> Patient:
    by_id = {one.pk: one for one in pair}
    if keep not in by_id:
        raise ValidationError(_("Choose one of the two records to keep."))
    kept = by_id[keep]
    merged = pair[1] if kept is pair[0] or kept == pair[0] else pair[0]
    merge_records(kept=kept, merged=merged, merged_by=request.user)
    return kept


def _described(patient: Patient) -> dict[str, object]:
    team = patient.care_team_memberships.select_related("user").order_by("user__full_name")
    return {"patient": patient, "cases": patient.cases.count(), "team": [one.user for one in team]}


def _note_looks(request: SignedInRequest, pair: tuple[Patient, Patient]) -> None:
    audit.record_all(
        actor=request.user,
        acts=[audit.Act(action="patient.viewed", subject=one, patient_id=one.pk) for one in pair],
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def merging_undo(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What undoing does, and the act itself."""
    visible = Merging.objects.filter(kept__in=Patient.objects.visible_to(request.user))
    merging = get_object_or_404(visible.select_related("kept", "merged", "merged_by"), pk=pk)
    audit.record_look(actor=request.user, action="patient.viewed", subject=merging.kept, patient_id=merging.kept_id)
    errors: list[str] = []
    if request.method == "POST":
        try:
            apart = undo_merging(merging=merging, undone_by=request.user)
        except ValidationError as error:
            errors = error.messages
        else:
            messages.success(request, _("The merging is undone: there are two records again."))
            is_visible = Patient.objects.visible_to(request.user).filter(pk=apart.pk).exists()
            return redirect("diagnosis:patient", pk=apart.pk if is_visible else merging.kept_id)
    context = {"patient": merging.kept, "merging": merging, "errors": errors}
    return render(request, "diagnosis/merging_undo.html", context, status=400 if errors else 200)
