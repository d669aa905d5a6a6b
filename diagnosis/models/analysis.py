"""Analyses: one image, examined by one model version."""

import uuid

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from clinic.models import User
from clinic.request_context import current_id
from diagnosis.models.model_version import ModelVersion
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import renews_when_added, renews_when_changed
from diagnosis.models.slide_image import SlideImage


class AnalysisState(models.TextChoices):
    QUEUED = "queued", lazy("Waiting")
    RUNNING = "running", lazy("Being analysed")
    SUCCEEDED = "succeeded", lazy("Done")
    FAILED = "failed", lazy("Failed")
    QUARANTINED = "quarantined", lazy("Set aside")
    CANCELLED = "cancelled", lazy("Cancelled")


MAX_ATTEMPTS = 3  # then an analysis is set aside until a person retries it

PENDING = (AnalysisState.QUEUED, AnalysisState.RUNNING)
RETRYABLE = (AnalysisState.FAILED, AnalysisState.QUARANTINED)

# The only moves there are; a database trigger refuses every other.
TRANSITIONS: list[tuple[str, str]] = [
    (AnalysisState.QUEUED, AnalysisState.RUNNING),  # claimed
    (AnalysisState.QUEUED, AnalysisState.CANCELLED),  # its image is withdrawn
    (AnalysisState.CANCELLED, AnalysisState.QUEUED),  # its image is put back
    (AnalysisState.RUNNING, AnalysisState.SUCCEEDED),
    (AnalysisState.RUNNING, AnalysisState.FAILED),
    (AnalysisState.RUNNING, AnalysisState.QUEUED),  # its lease was lost, attempts are left
    (AnalysisState.RUNNING, AnalysisState.QUARANTINED),  # its lease was lost, no attempt is left
    (AnalysisState.FAILED, AnalysisState.QUEUED),  # a person retries
    (AnalysisState.QUARANTINED, AnalysisState.QUEUED),  # a person retries
]


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User | AnonymousUser) -> "AnalysisQuerySet":
        """The analyses of the patients `user` may see."""
        return self.filter(within_reach(user, case="image__case"))

    def pending(self) -> "AnalysisQuerySet":
        """Those still to finish."""
        return self.filter(state__in=PENDING)


class Analysis(models.Model):
    """The row is the truth about the work: its state, how often it was tried, and who holds it until when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="analyses")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="analyses")
    state = models.CharField(max_length=20, choices=AnalysisState.choices, default=AnalysisState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=50, blank=True)
    failure_message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="requested_analyses")
    # The request that queued it, as logs know it: the worker's lines about the analysis name it too.
    request_id = models.UUIDField(null=True, editable=False, default=current_id)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "analyses"
        constraints = [
            models.UniqueConstraint(fields=["image", "model_version"], name="one_analysis_per_image_and_model"),
            models.CheckConstraint(condition=Q(state__in=AnalysisState.values), name="analysis_state_known"),
            models.CheckConstraint(condition=Q(attempts__lte=MAX_ATTEMPTS), name="analysis_attempts_bounded"),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_expires_at__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_expires_at__isnull=True)),
                name="analysis_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["failed", "quarantined"]) & ~Q(failure_code="") & ~Q(failure_message="")
                | ~Q(state__in=["failed", "quarantined"]) & Q(failure_code="", failure_message=""),
                name="analysis_failure_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | (~Q(state__in=["queued", "running"]) & Q(finished_at__isnull=False)),
                name="analysis_finished_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["model_version", "queued_at"], condition=Q(state="queued"), name="analysis_queue"),
            models.Index(fields=["lease_expires_at"], condition=Q(state="running"), name="analysis_leases"),
            models.Index(fields=["-created_at", "-id"], name="analysis_newest_first"),
            models.Index(
                fields=["failure_code", "queued_at"],
                condition=Q(state__in=["failed", "quarantined"]),
                name="analysis_failures",
            ),
            models.Index(fields=["requested_by"], condition=Q(state__in=PENDING), name="analysis_awaited"),
        ]
        triggers = [
            pgtrigger.FSM(name="only_known_moves", field="state", transitions=TRANSITIONS),
            renews_when_added(),
            renews_when_changed("state"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING

    @property
    def can_be_retried(self) -> bool:
        return self.state in RETRYABLE
