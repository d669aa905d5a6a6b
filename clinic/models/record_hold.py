"""What holds a patient's record: a restriction the patient asked for, or a legal hold."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy

from clinic.models.patient import Patient
from clinic.models.user import User


class HoldKind(models.TextChoices):
    RESTRICTION = "restriction", lazy("Restriction")
    LEGAL_HOLD = "legal_hold", lazy("Legal hold")


class RecordHold(models.Model):
    """A restriction freezes the record: nothing new is added or analysed. A legal hold keeps it from being erased.

    Both are placed and lifted by the care team, with a reason; what was lifted stays on record. The reason is free
    text and stays in this table: it may name people, so it never goes into the audit trail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=20, choices=HoldKind.choices)
    reason = models.CharField(max_length=500)
    placed_at = models.DateTimeField(auto_now_add=True)
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lift_reason = models.CharField(max_length=500, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=HoldKind.values), name="hold_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason=""),
                name="hold_lifted_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["patient", "kind"], condition=Q(lifted_at__isnull=True), name="one_hold_of_a_kind_at_a_time"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="placed_once", exclude=["lifted_at", "lifted_by", "lift_reason"]),
            pgtrigger.Protect(
                name="lifted_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)
            ),
            # The patient's own row says it too, so that no page needs a query to know.
            pgtrigger.Trigger(
                name="marks_the_patient",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    UPDATE clinic_patient SET restricted_at = (
                        SELECT placed_at FROM clinic_recordhold
                        WHERE patient_id = NEW.patient_id AND kind = 'restriction' AND lifted_at IS NULL
                    ) WHERE id = NEW.patient_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.patient_id}"
