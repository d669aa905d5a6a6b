"""The audit trail."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinic.models.purpose import Purpose
from clinic.models.unavoidable import Unavoidable, append_only
from clinic.models.user import User

SIGN_IN_FAILURES = ["person.sign_in_failed", "person.sign_in_throttled"]


class AuditEvent(models.Model):
    """One act: who did what, to what, on which patient's data, why, when and from where. Never changed or deleted.

    `detail` holds facts about the act (states, counts, digests), never a name, record number or file name. The time
    is the database's, whatever the writer says, and every row gets its `AuditLink` when its transaction is committed.
    """

    occurred_at = models.DateTimeField(db_default=Now())  # the database's clock: the same for every host
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="audit_events", db_index=False)
    role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)
    purpose = models.CharField(max_length=20, choices=Purpose.choices, blank=True)  # empty: from before it was noted
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    # Not a foreign key: the trail outlives the patient's record.
    patient_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=["", *Purpose.values]), name="audit_purpose_known")
        ]
        indexes = [
            models.Index(fields=["-occurred_at", "-id"], name="audit_by_time"),
            models.Index(
                fields=["patient_id", "-occurred_at", "-id"],
                condition=Q(patient_id__isnull=False),
                name="audit_by_patient",
            ),
            models.Index(fields=["actor", "-occurred_at", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-occurred_at", "-id"], name="audit_by_action"),
            models.Index(
                fields=["address", "-occurred_at", "-id"], condition=Q(address__isnull=False), name="audit_by_address"
            ),
            models.Index(fields=["subject_id", "-occurred_at"], name="audit_by_subject"),
            models.Index(
                fields=["-occurred_at", "-id"], condition=Q(action__in=SIGN_IN_FAILURES), name="audit_sign_in_failures"
            ),
        ]
        triggers = [
            append_only(),
            Unavoidable(
                name="stamp",
                procedure="clinic_stamp_audit_event",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
            ),
            Unavoidable(
                name="purpose",
                procedure="clinic_note_emergency",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
            ),
            Unavoidable(
                name="link",
                procedure="clinic_link_audit_event",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
