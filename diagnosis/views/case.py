"""A case's page, and opening a case."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.models import Patient
from clinic.selectors.care_teams import is_on_team
from clinic.selectors.emergency_access import know_emergencies
from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.forms import CaseForm, UrgencyForm
from diagnosis.models import Case
from diagnosis.selectors.models import active_model
from diagnosis.selectors.reanalyses import amount_in_case
from diagnosis.selectors.reports import state_of_report
from diagnosis.services.cases import open_case
from diagnosis.views.image_list import image_list
from mlcore.assays import ASSAYS


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Open a case for a specimen, then go on to its page."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    audit.record_look(actor=request.user, action="patient.viewed", subject=patient, patient_id=patient.pk)
    form = CaseForm(request.POST or None)
    if form.is_valid():
        try:
            case = open_case(patient=patient, opened_by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("diagnosis:case", pk=case.pk)
    context = {"patient": patient, "form": form, "assays": ASSAYS.values()}
    return render(request, "diagnosis/case_new.html", context, status=400 if form.errors else 200)


@never_cache
@require_safe
def case(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The case: where images are dropped, and the list of those that are there."""
    know_emergencies(request.user)
    case = get_object_or_404(Case.objects.visible_to(request.user).select_related("patient", "created_by"), pk=pk)
    audit.record(actor=request.user, action="case.viewed", subject=case, patient_id=case.patient_id)
    model = active_model(case.assay)
    context = {
        "case": case,
        "patient": case.patient,
        "anew": amount_in_case(case=case, model=model, person=request.user) if model else None,
        "urgency_form": UrgencyForm(initial={"urgency": case.urgency}),
        "model": model,
        "is_on_team": is_on_team(patient=case.patient, user=request.user),
        "max_files": settings.UPLOAD_MAX_FILES,
        "max_file_bytes": settings.UPLOAD_MAX_FILE_BYTES,
        "max_file_megabytes": settings.UPLOAD_MAX_FILE_BYTES // 1024**2,
        "report_state": state_of_report(case, person=request.user),
        **image_list(case, person=request.user, page=request.GET.get("page", "1")),
    }
    return render(request, "diagnosis/case.html", context)
