"""A signed report to take away: as PDF, or as a table."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest
from diagnosis.models import Report
from diagnosis.report_delivery import FORMS, NotDrawnYet, file_of
from diagnosis.selectors.reports import DamagedReport
from diagnosis.services.file_store import DamagedFile
from diagnosis.services.report_drawings import draw_again, drawing_of


def _visible_report(request: SignedInRequest, pk: UUID) -> Report:
    return get_object_or_404(Report.objects.visible_to(request.user).select_related("case__patient"), pk=pk)


@never_cache
@require_safe
def report_file(request: SignedInRequest, pk: UUID, form: str) -> HttpResponseBase:
    """The file; while the PDF is not drawn yet, the report's page, which says so."""
    report = _visible_report(request, pk)
    if form not in FORMS:
        raise Http404
    if not Report.objects.shown_to(request.user).filter(pk=pk).exists():
        return redirect("diagnosis:report_version", pk=report.pk)  # which says what is still to be read
    try:
        return file_of(report, form=form, person=request.user)
    except NotDrawnYet:
        messages.info(request, _("The PDF is being drawn. It can be saved in a moment."))
    except (DamagedFile, DamagedReport):
        messages.error(request, _("The stored report is damaged and is not given out. Please tell your administrator."))
    return redirect("diagnosis:report_version", pk=report.pk)


@does_not_prolong
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_drawing(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment that a page polls until the PDF is drawn. POST: try again what failed."""
    report = _visible_report(request, pk)
    audit.record_look(actor=request.user, action="report.viewed", subject=report, patient_id=report.case.patient_id)
    if request.method == "POST":
        draw_again(report=report, asked_by=request.user)
        return redirect("diagnosis:report_version", pk=report.pk)
    context = {"report": report, "drawing": drawing_of(report)}
    return render(request, "diagnosis/_report_drawing.html", context)
