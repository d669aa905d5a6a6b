"""Reports as files to print."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from diagnosis.models.digests import found_by
from diagnosis.models.report import Report

MOST_TRIES = 3


class ReportDrawingQuerySet(models.QuerySet["ReportDrawing"]):
    def to_be_drawn(self) -> "ReportDrawingQuerySet":
        """Those without a file that were not tried too often."""
        return self.filter(pdf_sha256="", attempts__lt=MOST_TRIES)


class ReportDrawing(models.Model):
    """A report as PDF, drawn by a worker from what was signed. The row is the truth: no file yet, so one is to come.

    `superseded_by` is the newest version at the time: the page of an earlier one says so, and is drawn anew for it.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="drawings")
    superseded_by = models.ForeignKey(Report, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    drawn_at = models.DateTimeField(null=True, blank=True)

    objects = ReportDrawingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "superseded_by"], nulls_distinct=False, name="one_drawing_per_report_and_mark"
            ),
            models.CheckConstraint(condition=Q(attempts__lte=MOST_TRIES), name="report_drawing_attempts_bounded"),
            models.CheckConstraint(
                condition=Q(pdf_sha256="", drawn_at__isnull=True) | ~Q(pdf_sha256="") & Q(drawn_at__isnull=False),
                name="report_drawing_has_a_time_when_drawn",
            ),
            models.CheckConstraint(condition=~Q(superseded_by=F("report")), name="report_does_not_supersede_itself"),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(pdf_sha256=""), name="report_to_be_drawn"),
            found_by("pdf_sha256", name="report_by_file"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.pdf_sha256[:12]}"

    @property
    def is_given_up(self) -> bool:
        """Whether nobody tries any more until a person asks for it again."""
        return not self.pdf_sha256 and self.attempts >= MOST_TRIES
