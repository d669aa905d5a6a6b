"""Analyses: one image, examined by one model version."""

import uuid

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from clinic.models import User
from clinic.request_context import current_id
from diagnosis.models.model_version import ModelVersion
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import renews_when_added, renews_when_changed
from diagnosis.models.slide_image import SlideImage
from diagnosis.models.turns import gives_turns


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


class Priority(models.IntegerChoices):
    """Whose turn it is first: what a doctor sent or asked for goes before what is read anew."""

    FIRST = 0, lazy("As soon as possible")
    ANEW = 1, lazy("When nothing else waits")


# The order in which what waits for a model is claimed.
IN_TURN = ("priority", "turn", "queued_at", "id")

# What leads on every page: a result goes before everything that has none, however new that is.
HAS_RESULT = ExpressionWrapper(Q(state=AnalysisState.SUCCEEDED), output_field=models.BooleanField())


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User | AnonymousUser) -> "AnalysisQuerySet":
        """The analyses of the patients `user` may see."""
        return self.filter(within_reach(user, case="image__case"))

    def pending(self) -> "AnalysisQuerySet":
        """Those still to finish."""
        return self.filter(state__in=PENDING)

    def claimable(self) -> "AnalysisQuerySet":
        """Those that a worker may take. What is restricted, withdrawn, or of a model that is stopped, is passed by."""
        return self.filter(
            state=AnalysisState.QUEUED,
            image__case__patient__restricted_at__isnull=True,  # those wait until the restriction is lifted
            image__withdrawn_at__isnull=True,  # those until the image is put back
            model_version__stopped_at__isnull=True,  # looked at in the very query that claims: a stop holds at once
        )

    def leading_first(self) -> "AnalysisQuerySet":
        """The newest with a result before all others; one that waits or failed hides no result that there is."""
        return self.order_by(HAS_RESULT.desc(), "-created_at", "-id")

    def with_leads(self) -> "AnalysisQuerySet":
        """Each with `leads`: whether it is the one that stands for its image."""
        first = Analysis.objects.filter(image=OuterRef("image")).leading_first().values("pk")[:1]
        leads = ExpressionWrapper(Q(pk=Subquery(first)), output_field=models.BooleanField())
        return self.annotate(leads=leads)


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
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, db_default=Priority.FIRST)
    turn = models.PositiveBigIntegerField(
        db_default=0, editable=False
    )  # the database gives it: diagnosis/models/turns.py
    reanalysis = models.ForeignKey(
        "diagnosis.Reanalysis",
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="analyses",
    )

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
            models.Index(
                fields=["model_version", *IN_TURN], condition=Q(state=AnalysisState.QUEUED), name="analysis_by_turn"
            ),
            models.Index(
                fields=["model_version", "priority", "turn"],
                condition=Q(state=AnalysisState.RUNNING),
                name="analysis_in_hand",
            ),
            models.Index(
                fields=["requested_by", "model_version", "priority", "turn"],
                condition=Q(state__in=PENDING),
                name="analysis_of_person",
            ),
            models.Index(fields=["reanalysis", "state"], condition=Q(reanalysis__isnull=False), name="analysis_anew"),
            models.Index(fields=["lease_expires_at"], condition=Q(state="running"), name="analysis_leases"),
            models.Index(fields=["-created_at", "-id"], name="analysis_newest_first"),
            models.Index(
                fields=["failure_code", "queued_at"],
                condition=Q(state__in=["failed", "quarantined"]),
                name="analysis_failures",
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="only_known_moves", field="state", transitions=TRANSITIONS),
            renews_when_added(),
            renews_when_changed("state", alike=PENDING),  # waiting or in hand, the case stands as it did
            *gives_turns(),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING

    @property
    def can_be_retried(self) -> bool:
        return self.state in RETRYABLE
