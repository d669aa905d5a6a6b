"""The model registry."""

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy

from clinic.models import User
from diagnosis.models.case import assay_choices


class ModelState(models.TextChoices):
    CANDIDATE = "candidate", lazy("Candidate")
    SHADOW = "shadow", lazy("Shadow")
    ACTIVE = "active", lazy("Active")
    RETIRED = "retired", lazy("Retired")


# The only moves there are; a database trigger refuses every other.
MODEL_TRANSITIONS: list[tuple[str, str]] = [
    (ModelState.CANDIDATE, ModelState.SHADOW),
    (ModelState.CANDIDATE, ModelState.ACTIVE),
    (ModelState.CANDIDATE, ModelState.RETIRED),
    (ModelState.SHADOW, ModelState.CANDIDATE),
    (ModelState.SHADOW, ModelState.ACTIVE),
    (ModelState.SHADOW, ModelState.RETIRED),
    (ModelState.ACTIVE, ModelState.RETIRED),  # another takes its place
    (ModelState.RETIRED, ModelState.ACTIVE),  # rolled back to, or activated once more
    (ModelState.RETIRED, ModelState.CANDIDATE),  # to be looked at once more
]


class ModelVersion(models.Model):
    """One registered model bundle, found in the file store by its SHA-256. One is active per assay.

    While `stopped_at` is set nothing is analysed with it, whatever its state; what waits for it goes on waiting.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assay = models.CharField(max_length=30, choices=assay_choices)
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    sha256 = models.CharField(max_length=64, unique=True)
    manifest: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    state = models.CharField(max_length=20, choices=ModelState.choices, default=ModelState.CANDIDATE)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["assay", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ModelState.values), name="model_state_known"),
            models.UniqueConstraint(fields=["assay"], condition=Q(state="active"), name="one_active_model_per_assay"),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by__isnull=True)
                | Q(stopped_at__isnull=False, stopped_by__isnull=False),
                name="model_stopped_by_somebody",
            ),
        ]
        triggers = [pgtrigger.FSM(name="only_known_moves", field="state", transitions=MODEL_TRANSITIONS)]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
