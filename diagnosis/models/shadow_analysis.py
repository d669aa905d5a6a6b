"""What a model in the shadow says about live images. Nobody who treats a patient sees it."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models.kept import BY_IMAGE, goes_with_the_record_alone
from diagnosis.models.model_version import ModelVersion
from diagnosis.models.prediction import Verdict
from diagnosis.models.slide_image import SlideImage


class ShadowState(models.TextChoices):
    QUEUED = "queued", lazy("Waiting")
    RUNNING = "running", lazy("Being analysed")
    SUCCEEDED = "succeeded", lazy("Done")
    FAILED = "failed", lazy("Failed")


SHADOW_TRANSITIONS: list[tuple[str, str]] = [
    (ShadowState.QUEUED, ShadowState.RUNNING),
    (ShadowState.RUNNING, ShadowState.SUCCEEDED),
    (ShadowState.RUNNING, ShadowState.FAILED),
]


class ShadowAnalysis(models.Model):
    """One live image, read by a model in the shadow after the active one has read it.

    A table of its own: no page, count, list or export about patients can show it by forgetting to leave it out.
    `label` is empty outside what the model knows; the probabilities are there for every image.
    """

    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="shadow_analyses")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="shadow_analyses")
    state = models.CharField(max_length=20, choices=ShadowState.choices, default=ShadowState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    label = models.CharField(max_length=50, blank=True)
    malignant_probability = models.FloatField(null=True, blank=True)
    probabilities: "models.JSONField[dict[str, float] | None, dict[str, float] | None]" = models.JSONField(
        null=True, blank=True
    )
    failure_code = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "shadow analyses"
        constraints = [
            models.UniqueConstraint(fields=["image", "model_version"], name="one_shadow_per_image_and_model"),
            models.CheckConstraint(condition=Q(state__in=ShadowState.values), name="shadow_state_known"),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_expires_at__isnull=False)
                | ~Q(state="running") & Q(lease_token__isnull=True, lease_expires_at__isnull=True),
                name="shadow_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state="succeeded", verdict__in=Verdict.values, probabilities__isnull=False)
                | ~Q(state="succeeded") & Q(verdict="", label="", probabilities__isnull=True),
                name="shadow_has_a_result_when_done",
            ),
        ]
        indexes = [
            models.Index(
                fields=["model_version", "id"], condition=Q(state__in=["queued", "running"]), name="shadow_queue"
            )
        ]
        triggers = [
            pgtrigger.FSM(name="only_known_moves", field="state", transitions=SHADOW_TRANSITIONS),
            pgtrigger.Protect(
                name="result_stands", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="succeeded")
            ),
            goes_with_the_record_alone(way_to_the_case=BY_IMAGE),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} by {self.model_version_id}"
