"""The audit trail."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from clinic.models.user import User


class AuditEvent(models.Model):
    """One act: who did what, to what, on which patient's data, when and from where. Never changed, never deleted.

    `detail` holds facts about the act (states, counts, digests), never a name, record number or file name.
    """

    occurred_at = models.DateTimeField(db_default=Now())  # the database's clock: the same for every host
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="audit_events")
    role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    # Not a foreign key: the trail outlives the patient's record.
    patient_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["patient_id", "-id"], name="audit_by_patient"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
