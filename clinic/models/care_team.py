"""Who looks after whom."""

import pgtrigger
from django.db import models

from clinic.models.patient import Patient
from clinic.models.user import User


class CareTeamMembership(models.Model):
    """One doctor on one patient's care team: what makes the patient visible to the doctor.

    A row is access, so whoever leaves has none: the database moves what was to `PastMembership`.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="care_team_memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="care_team_memberships")
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "user"], name="one_membership_per_patient_and_user")]
        triggers = [
            pgtrigger.Trigger(
                name="keeps_the_past",
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                func="""
                    INSERT INTO clinic_pastmembership (patient_id, user_id, added_at, added_by_id, left_at)
                    VALUES (OLD.patient_id, OLD.user_id, OLD.added_at, OLD.added_by_id, statement_timestamp());
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on the care team of {self.patient_id}"
