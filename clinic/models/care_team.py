"""Who looks after whom."""

from django.db import models

from clinic.models.patient import Patient
from clinic.models.user import User


class CareTeamMembership(models.Model):
    """One doctor on one patient's care team: what makes the patient visible to the doctor."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="care_team_memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="care_team_memberships")
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "user"], name="one_membership_per_patient_and_user")]

    def __str__(self) -> str:
        return f"{self.user_id} on the care team of {self.patient_id}"
