"""Reports that are not signed yet."""

from django.db import models

from clinic.models import User
from diagnosis.models.case import Case


class ReportDraft(models.Model):
    """The words a doctor has written for a case's report so far. Nobody else sees them; they go when it is signed."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="report_drafts")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="report_drafts")
    findings = models.TextField(max_length=10_000, blank=True)
    amendment_reason = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "author"], name="one_report_draft_per_case_and_author")]

    def __str__(self) -> str:
        return f"{self.case_id} by {self.author_id}"
