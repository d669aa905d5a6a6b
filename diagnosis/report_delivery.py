"""Handing out signed reports as files, under names that name nobody. Each is checked before it leaves."""

import logging

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from clinic.exports import download
from clinic.models import Purpose, User
from clinic.services import audit
from diagnosis.models import Report
from diagnosis.selectors import report_table
from diagnosis.selectors.reports import DamagedReport, content_of
from diagnosis.services import file_store
from diagnosis.services.report_drawings import drawing_of

logger = logging.getLogger(__name__)

FORMS = ("pdf", "csv", "xlsx")


class NotDrawnYet(Exception):
    """A worker is still to draw the PDF."""


def file_of(report: Report, *, form: str, person: User) -> HttpResponseBase:
    """The file; recorded as an export. Raises NotDrawnYet, DamagedFile, or DamagedReport."""
    try:
        response = _pdf(report) if form == "pdf" else _table(report, form)
    except (DamagedReport, file_store.DamagedFile):
        logger.exception("A signed report is damaged, and is not given out.")
        raise
    audit.record(
        actor=person,
        action="report.exported",
        subject=report,
        patient_id=report.case.patient_id,
        purpose=Purpose.EXPORT,
        form=form,
        version=report.version,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def name_of(report: Report) -> str:
    """What the file is called, without its ending."""
    return f"report-{str(report.pk)[:8]}-v{report.version}"


def _pdf(report: Report) -> HttpResponseBase:
    drawing = drawing_of(report)
    content_of(report)
    if drawing is None or not drawing.pdf_sha256:
        raise NotDrawnYet
    file_store.verify(drawing.pdf_sha256)
    response = StreamingHttpResponse(file_store.chunks(drawing.pdf_sha256), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name_of(report)}.pdf"'
    return response


def _table(report: Report, form: str) -> HttpResponseBase:
    content = content_of(report)
    return download(
        form=form, name=name_of(report), headings=report_table.headings(content), rows=report_table.rows(content)
    )
