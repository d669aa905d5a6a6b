"""What was signed, shown from the signed content alone."""

import logging
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clinic.selectors.care_teams import is_on_team
from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.models import Case, Report
from diagnosis.selectors import report_words
from diagnosis.selectors.newer_results import newer_than_signed
from diagnosis.selectors.report_content import Content
from diagnosis.selectors.reports import DamagedReport, amendment_due, content_of, newest_version, versions_of
from diagnosis.services.report_drawings import drawing_of

logger = logging.getLogger(__name__)


def show_signed(request: SignedInRequest, report: Report) -> HttpResponse:
    """A signed version's page: refused when it is not what was signed."""
    case = report.case
    audit.record(
        actor=request.user,
        action="report.viewed",
        subject=report,
        patient_id=case.patient_id,
        version=report.version,
    )
    context: dict[str, Any] = {
        "case": case,
        "patient": case.patient,
        "report": report,
        "newer": newest_version(report),
        "versions": versions_of(case, person=request.user),
        "is_on_team": is_on_team(patient=case.patient, user=request.user),
        "is_changed": Case.objects.filter(amendment_due(), pk=case.pk).exists(),
    }
    if not Report.objects.shown_to(request.user).filter(pk=report.pk).exists():
        return render(request, "diagnosis/report_withheld.html", context)
    try:
        content = content_of(report)
        context |= _words(content, report)
        context["newer_results"] = newer_than_signed(case, content, person=request.user)
    except DamagedReport:
        logger.exception("A signed report is not as it was signed, and is not shown.")
        return render(request, "diagnosis/report_damaged.html", context, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    return render(request, "diagnosis/report_signed.html", context)


def _words(content: Content, report: Report) -> dict[str, Any]:
    return {
        "content": content,
        "images": report_words.images_of(content),
        "result": report_words.case_result(content),
        "rule": report_words.rule_words(content),
        "name": report_words.patient_name(content),
        "born": report_words.birth_date(content),
        "taken": report_words.specimen_date(content),
        "signed_at": report_words.signed_at(content),
        "signer": report_words.signer_words(content),
        "confirmed_by": report_words.confirmation_words(content),
        "drawing": drawing_of(report),
    }
