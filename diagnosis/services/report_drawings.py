"""Which reports are to be drawn as PDF, and by whom. The rows are the truth; a message is only a wake-up.

What draws is in `drawing`: web processes ask for it here and never load it.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic import wake_ups
from clinic.models import User
from clinic.services import audit, records
from diagnosis.models import Report, ReportDrawing
from diagnosis.services.file_removal import keep_files

CLAIM = timedelta(minutes=9)  # longer than a task may run: whoever holds a claim beyond it is gone


def ask_for_drawings(*, report: Report) -> None:
    """Part of signing: the report is to be drawn, and every earlier version anew, marked as superseded."""
    ReportDrawing.objects.create(report=report)
    earlier = Report.objects.filter(case=report.case_id, version__lt=report.version)
    for pk in earlier.order_by("version").values_list("pk", flat=True):
        ReportDrawing.objects.create(report_id=pk, superseded_by=report)
    _wake_on_commit()


def drawing_of(report: Report) -> ReportDrawing | None:
    """The newest drawing that was asked for."""
    return report.drawings.order_by("-asked_at", "-pk").first()


@transaction.atomic
def draw_again(*, report: Report, asked_by: User) -> None:
    """After it failed too often, a person has it tried again. PermissionDenied for whoever does not see the report."""
    records.lock_visible(patient_id=report.case.patient_id, user=asked_by)
    if not Report.objects.visible_to(asked_by).filter(pk=report.pk).exists():
        raise PermissionDenied
    drawing = drawing_of(report)
    if drawing and drawing.is_given_up:
        ReportDrawing.objects.filter(pk=drawing.pk, pdf_sha256="").update(attempts=0, claimed_until=None)
        audit.record(actor=asked_by, action="report.drawing_retried", subject=report, patient_id=report.case.patient_id)
        _wake_on_commit()


@transaction.atomic
def claim() -> ReportDrawing | None:
    """Take the oldest report that waits. The attempt is counted before any byte of a picture is read."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now())
    waiting = ReportDrawing.objects.to_be_drawn().filter(free).order_by("asked_at", "pk")
    drawing = waiting.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
    if drawing:
        ReportDrawing.objects.filter(pk=drawing.pk).update(attempts=F("attempts") + 1, claimed_until=Now() + CLAIM)
    return drawing


@transaction.atomic
def store(*, drawing_id: int, sha256: str) -> bool:
    """The file is there. False when it has to be drawn again: an erasure took an equal file away just now."""
    if keep_files([sha256]):
        return False
    found = ReportDrawing.objects.select_for_update(no_key=True).filter(pk=drawing_id, pdf_sha256="")
    for drawing in found.select_related("report__case"):
        drawing.pdf_sha256 = sha256
        ReportDrawing.objects.filter(pk=drawing.pk).update(pdf_sha256=sha256, drawn_at=Now(), claimed_until=None)
        audit.record(
            actor=None,
            action="report.drawn",
            subject=drawing.report,
            patient_id=drawing.report.case.patient_id,
            pdf_sha256=sha256,
        )
    return True


def give_back(*, drawing_id: int) -> None:
    """Let go after an error; it is tried again until it was tried too often."""
    ReportDrawing.objects.filter(pk=drawing_id).update(claimed_until=None)


def sweep() -> None:
    """Wake a worker when anything waits: its first message may have been lost."""
    if ReportDrawing.objects.to_be_drawn().exists():
        wake()


def wake() -> None:
    """Tell a worker that a report waits."""
    wake_ups.wake("diagnosis.tasks.draw_reports")


def _wake_on_commit() -> None:
    transaction.on_commit(wake, robust=True)
