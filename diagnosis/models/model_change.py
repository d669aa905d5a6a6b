"""What was decided about models: who, when and why."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.kept import written_once
from diagnosis.models.model_version import ModelVersion


class ChangeKind(models.TextChoices):
    REGISTERED = "registered", _("Registered")
    INSTALLED = "installed", _("Installed as the assay's first model")
    SHADOW_STARTED = "shadow_started", _("Began to run in the shadow")
    SHADOW_ENDED = "shadow_ended", _("Runs in the shadow no more")
    ACTIVATED = "activated", _("Activated")
    ROLLED_BACK_TO = "rolled_back_to", _("Active again: another was rolled back")
    RETIRED = "retired", _("Retired")
    REOPENED = "reopened", _("A candidate once more")
    STOPPED = "stopped", _("Stopped")
    RESUMED = "resumed", _("Goes on after a stop")


class Why(models.TextChoices):
    """Why, as a code: it goes into the trail, which holds nothing that somebody typed."""

    FIGURES = "figures", _("Its figures on our test set")
    IN_USE = "in_use", _("How it does on live images")
    REPORTED = "reported", _("Doctors reported wrong suggestions")
    FAULT = "fault", _("A technical fault")
    SITE_CHANGED = "site_changed", _("Stain, scanner or patients have changed")
    ROUTINE = "routine", _("Routine: a test, an update, tidying up")
    CAUSE_GONE = "cause_gone", _("What stood against it is gone")
    OTHER = "other", _("Another reason")


class ModelChange(models.Model):
    """One decision about one model, written once. `other` is the model that it replaced or that took its place.

    `made_by` is empty for what was done by a command on the server, where nobody is signed in.
    """

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=ChangeKind.choices)
    why = models.CharField(max_length=20, choices=Why.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    other = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    consented_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="model_change_kind_known"),
            models.CheckConstraint(condition=Q(why__in=["", *Why.values]), name="model_change_why_known"),
            models.CheckConstraint(
                condition=Q(made_by__isnull=True) | Q(kind=ChangeKind.REGISTERED) | ~Q(why="") & ~Q(reason=""),
                name="model_change_says_why",
            ),
            models.CheckConstraint(
                condition=Q(consented_by__isnull=True) | ~Q(consented_by=F("made_by")),
                name="model_change_takes_two_people",
            ),
        ]
        triggers = [written_once(), pgtrigger.Protect(name="never_forgotten", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.model_id} {self.kind}"
