"""Drawing signed reports as PDF, in a worker: from the stored content and the stored pictures alone."""

import logging

from diagnosis.models import ReportDrawing
from diagnosis.report_pdf.document import Superseded, draw
from diagnosis.selectors.reports import DamagedReport, content_of
from diagnosis.services import file_store, report_drawings

logger = logging.getLogger(__name__)


def draw_next() -> bool:
    """Draw the report that waits longest. False when none does."""
    drawing = report_drawings.claim()
    if drawing is None:
        return False
    try:
        sha256 = file_store.put(pdf_of(drawing))
        if not report_drawings.store(drawing_id=drawing.pk, sha256=sha256):
            report_drawings.give_back(drawing_id=drawing.pk)
    except DamagedReport:
        logger.exception("A signed report is not as it was signed, and is not drawn.")
        report_drawings.give_back(drawing_id=drawing.pk)
    except Exception:
        report_drawings.give_back(drawing_id=drawing.pk)
        raise
    return True


def pdf_of(drawing: ReportDrawing) -> bytes:
    """The drawing's PDF."""
    newer = drawing.superseded_by
    mark = Superseded(newer.version, newer.created_at.isoformat(), newer.signed_by.full_name) if newer else None
    report = drawing.report
    return draw(content_of(report), digest=report.content_digest, report_id=str(report.pk), superseded=mark)
