"""How a site has its images of an assay read."""

import pgtrigger
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
        triggers = [
            # The order of the worklist must not tell what is withheld.
            pgtrigger.Trigger(
                name="decides_what_doubt_is_shown",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("changed", "text"), ("blinded", "boolean")],
                func="""
                    changed := coalesce(NEW.assay, OLD.assay);
                    blinded := coalesce(NEW.blinded_first_read, false);
                    PERFORM FROM diagnosis_casestanding WHERE assay = changed ORDER BY case_id FOR NO KEY UPDATE;
                    UPDATE diagnosis_casestanding SET shown_doubt = CASE WHEN blinded THEN 2 ELSE doubt END
                    WHERE assay = changed AND doubt <> 2;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.assay
