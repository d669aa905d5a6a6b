"""Who looked after whom before."""

from django.db import models

from clinic.models.user import User


class PastMembership(models.Model):
    """A membership that ended. The database writes it when a membership's row goes; it gives nobody any access."""

    # Not a foreign key: who looked after a patient is known for longer than the record is kept.
    patient_id = models.UUIDField(db_index=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="past_memberships")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField()

    class Meta:
        ordering = ["-left_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user_id} was on the care team of {self.patient_id}"
