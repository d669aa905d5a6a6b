"""Requests to have images that were read before read anew, by the version that is active now."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import Patient, User
from diagnosis.models.case import Case
from diagnosis.models.model_version import ModelVersion


class ReanalysisScope(models.TextChoices):
    CASE = "case", _("One case")
    WORKLIST = "worklist", _("Cases of the worklist")
    MODEL = "model", _("What another version has read")


class ReanalysisState(models.TextChoices):
    RUNNING = "running", _("Images are put in the queue")
    DONE = "done", _("All images were put in the queue")
    STOPPED = "stopped", _("Stopped")
    SUPERSEDED = "superseded", _("Ended: another version is active now")


class ReanalysisQuerySet(models.QuerySet["Reanalysis"]):
    def visible_to(self, user: User | AnonymousUser) -> "ReanalysisQuerySet":
        """Administrators see them all, in numbers; doctors their own, and those of the cases that they may see."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_administrator:
            return self.all()
        seen = Q(requested_by=user, case=None) | Q(case__patient__in=Patient.objects.visible_to(user))
        return self.filter(seen) if user.is_doctor else self.none()


class Reanalysis(models.Model):
    """Somebody wants images read anew. Workers put them in the queue, some cases at a time, in the order of the cases'
    ids; `place` is the last case that is done, so that whoever goes on begins behind it.

    `filters` narrows the scope down and holds ids, codes and days, nothing that was typed. Of the images looked at,
    `queued` wait for or have their new analysis, `known` had one by this version already, `left_out` are withdrawn or
    belong to a restricted record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reanalyses")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reanalyses")
    scope = models.CharField(max_length=20, choices=ReanalysisScope.choices)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="reanalyses")
    filters: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict, blank=True)
    expected = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=ReanalysisState.choices, default=ReanalysisState.RUNNING)
    place = models.UUIDField(null=True, blank=True)
    queued = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ReanalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "reanalyses"
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=ReanalysisScope.values), name="reanalysis_scope_known"),
            models.CheckConstraint(condition=Q(state__in=ReanalysisState.values), name="reanalysis_state_known"),
            models.CheckConstraint(
                condition=Q(scope="case", case__isnull=False) | ~Q(scope="case") & Q(case__isnull=True),
                name="reanalysis_of_a_case_names_it",
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True) | ~Q(state="running") & Q(ended_at__isnull=False),
                name="reanalysis_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="stopped", stopped_by__isnull=False)
                | ~Q(state="stopped") & Q(stopped_by__isnull=True),
                name="reanalysis_stopped_by_somebody",
            ),
            # The same asked twice (a double click, a repeated request) is one.
            models.UniqueConstraint(
                fields=["requested_by", "model_version", "scope", "case", "filters"],
                condition=Q(state="running"),
                nulls_distinct=False,
                name="one_running_reanalysis_of_the_same",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="reanalysis_newest_first"),
            models.Index(fields=["created_at"], condition=Q(state="running"), name="reanalysis_running"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
