"""Proofs that what was stored is still what was stored."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class CheckedThing(models.TextChoices):
    FILES = "files", _("Stored files")
    TRAIL = "trail", _("Audit trail")


MOST_NAMED = 1000  # of the problems: the counts are complete, the list need not be


class IntegrityCheck(models.Model):
    """One look at every stored file, or at every row of the trail; it can be taken in parts.

    `position` and `carried` say how far it is: the last digest, or the last link and its hash. `problems` names what
    was found by digests and ids alone: `{"kind": "missing", "id": digest}`.
    """

    thing = models.CharField(max_length=10, choices=CheckedThing.choices)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    busy_until = models.DateTimeField(db_default=Now())
    position = models.CharField(max_length=64, blank=True)
    carried = models.CharField(max_length=64, blank=True)
    checked = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    problem_count = models.PositiveBigIntegerField(default=0)
    problems: "models.JSONField[list[dict[str, str]], list[dict[str, str]]]" = models.JSONField(default=list)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(thing__in=CheckedThing.values), name="integrity_check_thing_known"),
        ]
        indexes = [models.Index(fields=["thing", "-started_at"], name="integrity_check_newest")]

    def __str__(self) -> str:
        return f"{self.thing} {self.pk}"

    def note(self, kind: str, what: str) -> None:
        """Count a problem, and name it while there is room."""
        self.problem_count += 1
        if len(self.problems) < MOST_NAMED:
            self.problems.append({"kind": kind, "id": what})
