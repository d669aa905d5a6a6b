"""Emergency access: opening a record, closing it again, taking note, and the auditor's report."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.forms_access import EmergencyForm
from clinic.models import EmergencyAccess, Role
from clinic.selectors.emergency_access import page_of_report
from clinic.services import audit
from clinic.services.emergency_access import acknowledge, end_emergency_access, open_in_emergency
from clinic.views.requests import SignedInRequest, doctors_only


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@doctors_only
def emergency(request: SignedInRequest) -> HttpResponse:
    """Say who and why; the record opens at once. Before that nothing is shown of anybody."""
    form = EmergencyForm(request.POST or None)
    if form.is_valid():
        try:
            opened = open_in_emergency(doctor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _to_the_record(opened[0]) if len(opened) == 1 else redirect("clinic:patients")
    return render(request, "clinic/emergency.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
def emergency_end(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Close the record before the hour is over."""
    access = get_object_or_404(request.user.emergency_accesses, pk=pk)
    end_emergency_access(access=access, ended_by=request.user)
    messages.success(request, _("Your emergency access has ended."))
    return redirect("clinic:home")


@require_POST
def emergency_noted(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One of the care team has read the notice."""
    notice = get_object_or_404(request.user.emergency_notices.select_related("access"), pk=pk)
    acknowledge(notice=notice, acknowledged_by=request.user)
    return redirect("clinic:home")


@never_cache
@require_safe
def emergency_report(request: SignedInRequest) -> HttpResponse:
    """Every emergency access for the auditor: who, to which record, when, why, and what was read. No patient's name."""
    if request.user.role != Role.AUDITOR:
        raise PermissionDenied
    report = page_of_report(request.GET.get("page", "1"))
    audit.record(
        actor=request.user,
        action="emergency_report.viewed",
        subject=request.user,
        count=len(report.accesses),
        page=report.page.number,
    )
    return render(request, "clinic/emergency_report.html", {"report": report})


def _to_the_record(access: EmergencyAccess) -> HttpResponse:
    return redirect("diagnosis:patient", pk=access.patient_id)
