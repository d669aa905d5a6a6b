"""Access for an emergency: a doctor who is not on the care team sees a patient for an hour, and gives a reason."""

import uuid
from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic.models.patient import Patient
from clinic.models.user import User

EMERGENCY_LASTS = timedelta(hours=1)


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    def current(self) -> "EmergencyAccessQuerySet":
        """Those that still open a record, by the database's clock."""
        return self.filter(ended_at__isnull=True, expires_at__gt=Now())


class EmergencyAccess(models.Model):
    """One doctor's access to one patient. It ends by itself; what was opened with it stays on record.

    The reason is free text and stays in this table: it may name people, so it never goes into the audit trail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergency_accesses")
    # No constraint: the report outlives the patient's record.
    patient = models.ForeignKey(
        Patient, on_delete=models.DO_NOTHING, db_constraint=False, related_name="emergency_accesses"
    )
    reason = models.TextField(max_length=1000)
    started_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("started_at"), expires_at__lte=F("started_at") + EMERGENCY_LASTS),
                name="emergency_lasts_an_hour_at_most",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="emergency_ends_after_it_began",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "expires_at"], condition=Q(ended_at__isnull=True), name="emergency_not_ended"),
            models.Index(fields=["patient", "-started_at"], name="emergency_by_patient"),
            models.Index(fields=["-started_at", "-id"], name="emergency_newest_first"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="opened_once", exclude=["ended_at", "reason"]),
            pgtrigger.Protect(
                name="ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False)
                & pgtrigger.Q(new__ended_at__df=pgtrigger.F("old__ended_at")),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.patient_id}"


class EmergencyNotice(models.Model):
    """Tells one doctor of the care team about an emergency access, until the doctor has taken note."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    access = models.ForeignKey(EmergencyAccess, on_delete=models.PROTECT, related_name="notices")
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergency_notices")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["access__started_at"]
        constraints = [
            models.UniqueConstraint(fields=["access", "recipient"], name="one_notice_per_access_and_recipient")
        ]
        indexes = [
            models.Index(fields=["recipient"], condition=Q(acknowledged_at__isnull=True), name="emergency_notice_open")
        ]

    def __str__(self) -> str:
        return f"{self.access_id} told to {self.recipient_id}"
