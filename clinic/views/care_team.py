"""A patient's care team: who is on it, sharing, leaving and handing over."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.forms_access import DoctorForm, DoctorSearchForm, ProgramOnTeamForm
from clinic.models import Patient, User
from clinic.selectors.care_teams import find_doctors, is_on_team, past_of, team_of
from clinic.services import audit
from clinic.services.care_teams import add_to_care_team, hand_over, leave_care_team, take_program_off
from clinic.views.requests import SignedInRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def care_team(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The team, and the search for a colleague as one types. A POST: names stay out of addresses and logs."""
    patient = _visible(request, pk)
    form = DoctorSearchForm(request.POST)
    query = form.cleaned_data["query"] if form.is_valid() else ""
    context = {
        "patient": patient,
        "form": form,
        "query": query,
        "is_member": is_on_team(patient=patient, user=request.user),
        "doctors": find_doctors(query=query, not_on=patient),
    }
    if request.htmx:
        return render(request, "clinic/_doctors.html", context)
    audit.record(actor=request.user, action="care_team.viewed", subject=patient, patient_id=patient.pk)
    return render(request, "clinic/care_team.html", context | {"team": team_of(patient), "past": past_of(patient)})


@require_POST
def care_team_share(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Another doctor joins."""
    patient = _visible(request, pk)
    doctor = _chosen(request)
    if doctor is None:
        return _again(request, patient, _("Choose a doctor from the list."))
    try:
        add_to_care_team(patient=patient, doctor=doctor, added_by=request.user)
    except ValidationError as error:
        return _again(request, patient, " ".join(error.messages))
    messages.success(request, _("%(doctor)s is on the care team now.") % {"doctor": doctor})
    return redirect("clinic:care_team", pk=patient.pk)


@require_POST
def care_team_leave(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The doctor who asks leaves."""
    patient = _visible(request, pk)
    try:
        leave_care_team(patient=patient, doctor=request.user)
    except ValidationError as error:
        return _again(request, patient, " ".join(error.messages))
    messages.success(request, _("You have left the care team; the patient is no longer among yours."))
    return redirect("clinic:patients")


@require_POST
def care_team_hand_over(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Another doctor takes the place of the one who asks."""
    patient = _visible(request, pk)
    doctor = _chosen(request)
    if doctor is None:
        return _again(request, patient, _("Choose a doctor from the list."))
    try:
        hand_over(patient=patient, to=doctor, handed_over_by=request.user)
    except ValidationError as error:
        return _again(request, patient, " ".join(error.messages))
    messages.success(request, _("%(doctor)s has taken the patient over from you.") % {"doctor": doctor})
    return redirect("clinic:patients")


@require_POST
def care_team_take_off(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """A program is taken off the team."""
    patient = _visible(request, pk)
    form = ProgramOnTeamForm(request.POST, patient=patient)
    if not form.is_valid():
        return _again(request, patient, _("This program is not on the care team."))
    take_program_off(patient=patient, program=form.cleaned_data["program"], taken_off_by=request.user)
    messages.success(request, _("The program does not see this patient any more."))
    return redirect("clinic:care_team", pk=patient.pk)


def _visible(request: SignedInRequest, pk: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def _chosen(request: SignedInRequest) -> User | None:
    form = DoctorForm(request.POST)
    return form.cleaned_data["doctor"] if form.is_valid() else None


def _again(request: SignedInRequest, patient: Patient, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("clinic:care_team", pk=patient.pk)
