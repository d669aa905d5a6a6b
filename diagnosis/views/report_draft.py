"""Keeping what a doctor writes for a report."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from clinic.services import audit
from clinic.services.records import RecordRestricted
from clinic.views.requests import SignedInRequest
from diagnosis.report_forms import ReportDraftForm
from diagnosis.services.report_drafts import keep_report_draft
from diagnosis.views.report import visible_case


@require_POST
def report_draft(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """204 when the words are kept; else why not."""
    case = visible_case(request, pk)
    audit.record_look(actor=request.user, action="report.viewed", subject=case, patient_id=case.patient_id)
    form = ReportDraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=HTTPStatus.BAD_REQUEST)
    try:
        keep_report_draft(case=case, author=request.user, **form.cleaned_data)
    except RecordRestricted as refusal:
        return JsonResponse({"errors": {"": refusal.messages}}, status=HTTPStatus.CONFLICT)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
