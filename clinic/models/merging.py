"""Two records of one patient become one, and can become two again."""

import uuid

from django.db import models
from django.db.models import F, Q

from clinic.models.patient import Patient
from clinic.models.user import User


class Merging(models.Model):
    """`merged` lives on in `kept`, until the merging is undone. What moved is kept, so that undoing is exact."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="mergings")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="mergings_away")
    merged_at = models.DateTimeField(auto_now_add=True)
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-merged_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="merging_joins_two_records"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="merging_undone_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at__isnull=True), name="merged_into_one_record_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class MergedMembership(models.Model):
    """One person of the merged record's care team, as it was before.

    `moved` is the membership's id where the row itself moved to the kept record; empty where the person was on both
    teams, and one row was enough.
    """

    merging = models.ForeignKey(Merging, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    moved = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merging", "user"], name="one_membership_per_merging_and_user")]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.merging_id}"
