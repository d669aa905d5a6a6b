"""Which cases a merging moved."""

from django.db import models

from clinic.models import Merging
from diagnosis.models.case import Case


class MergedCase(models.Model):
    """A case that came from the merged record: undoing the merging takes it back there."""

    merging = models.ForeignKey(Merging, on_delete=models.CASCADE, related_name="cases")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merging", "case"], name="one_move_per_merging_and_case")]

    def __str__(self) -> str:
        return f"{self.case_id} by {self.merging_id}"
