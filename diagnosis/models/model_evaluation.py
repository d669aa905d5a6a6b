"""How a model did on a site's own test set."""

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.model_version import ModelVersion
from diagnosis.models.prediction import Verdict
from diagnosis.models.test_set import TestImage, TestSet


class EvaluationState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being measured")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")


EVALUATION_TRANSITIONS: list[tuple[str, str]] = [
    (EvaluationState.QUEUED, EvaluationState.RUNNING),
    (EvaluationState.RUNNING, EvaluationState.SUCCEEDED),
    (EvaluationState.RUNNING, EvaluationState.FAILED),
    (EvaluationState.FAILED, EvaluationState.QUEUED),  # a person tries again; what was measured is not lost
]
TO_DO = (EvaluationState.QUEUED, EvaluationState.RUNNING)


class ModelEvaluation(models.Model):
    """One model, measured on one locked test set by workers, a few images at a time.

    Each few images are stored as they are done, so a worker that dies loses no more than those. While a worker has
    some in hand it holds a lease; `attempts` counts the leases that ended without anything being stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    test_set = models.ForeignKey(TestSet, on_delete=models.PROTECT, related_name="evaluations")
    state = models.CharField(max_length=20, choices=EvaluationState.choices, default=EvaluationState.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    metrics: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(null=True, blank=True)
    engines_difference = models.FloatField(null=True, blank=True)
    report_sha256 = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=500, blank=True)
    started_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "test_set"], name="one_evaluation_per_model_and_test_set"),
            models.CheckConstraint(condition=Q(state__in=EvaluationState.values), name="evaluation_state_known"),
            models.CheckConstraint(condition=Q(done__lte=models.F("total")), name="evaluation_does_no_more_than_all"),
            models.CheckConstraint(
                condition=Q(lease_token__isnull=True, lease_expires_at__isnull=True)
                | Q(lease_token__isnull=False, lease_expires_at__isnull=False, state="running"),
                name="evaluation_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state="succeeded", metrics__isnull=False, engines_difference__isnull=False)
                & Q(done=models.F("total"))
                | ~Q(state="succeeded") & Q(metrics__isnull=True, report_sha256=""),
                name="evaluation_has_figures_when_done",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(failure_message="") | ~Q(state="failed") & Q(failure_message=""),
                name="evaluation_failure_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(state__in=TO_DO), name="evaluation_queue")]
        triggers = [
            pgtrigger.FSM(name="only_known_moves", field="state", transitions=EVALUATION_TRANSITIONS),
            pgtrigger.Protect(
                name="figures_stand", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="succeeded")
            ),
            pgtrigger.Protect(name="never_forgotten", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.test_set_id}: {self.state}"

    @property
    def is_pending(self) -> bool:
        return self.state in TO_DO


class EvaluatedImage(models.Model):
    """What the model said about one image of the test set; the probabilities are in the order of its classes."""

    evaluation = models.ForeignKey(ModelEvaluation, on_delete=models.PROTECT, related_name="answers")
    image = models.ForeignKey(TestImage, on_delete=models.PROTECT, related_name="+")
    probabilities: "models.JSONField[list[float], list[float]]" = models.JSONField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "image"], name="one_answer_per_evaluation_and_image"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="evaluated_verdict_known"),
        ]
        triggers = [pgtrigger.Protect(name="written_once", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.evaluation_id} {self.image_id}"
