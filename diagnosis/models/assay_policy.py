"""How a site has its images of an assay read."""

from django.db import models

from clinic.models import User
from diagnosis.models.case import assay_choices


class AssayPolicy(models.Model):
    """The rules for one assay. An assay without a row is read with the suggestion in view."""

    assay = models.CharField(max_length=30, choices=assay_choices, primary_key=True)
    blinded_first_read = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "assay policies"

    def __str__(self) -> str:
        return self.assay
