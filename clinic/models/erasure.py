"""Erasing a patient's record: asked for by one person, carried out by another, remembered without a name."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as lazy

from clinic.models.user import User


class ErasureReason(models.TextChoices):
    PATIENT_ASKED = "patient_asked", lazy("The patient asked for it")
    NO_LONGER_NEEDED = "no_longer_needed", lazy("The time to keep it is over and it is not needed any more")
    BY_MISTAKE = "by_mistake", lazy("It was registered by mistake")


class ErasureState(models.TextChoices):
    REQUESTED = "requested", lazy("Waiting for an administrator")
    WITHDRAWN = "withdrawn", lazy("Withdrawn")
    REFUSED = "refused", lazy("Refused")
    CARRIED_OUT = "carried_out", lazy("Carried out")


class Erasure(models.Model):
    """A request, and once it is carried out all that remains of the record: which id, when, by whom and why.

    Holds ids and codes only. There is no foreign key to the patient, because this row outlives the patient's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient_id = models.UUIDField()
    # Records merged into that one are part of it and go with it.
    merged_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    reason = models.CharField(max_length=30, choices=ErasureReason.choices)
    state = models.CharField(max_length=20, choices=ErasureState.choices, default=ErasureState.REQUESTED)
    requested_at = models.DateTimeField(auto_now_add=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=ErasureReason.values), name="erasure_reason_known"),
            models.CheckConstraint(condition=Q(state__in=ErasureState.values), name="erasure_state_known"),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at__isnull=True, decided_by__isnull=True)
                | ~Q(state="requested") & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="erasure_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="carried_out") | ~Q(decided_by=F("requested_by")), name="erasure_takes_two_people"
            ),
            models.UniqueConstraint(
                fields=["patient_id"],
                condition=Q(state__in=["requested", "carried_out"]),
                name="one_erasure_per_patient",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="only_known_moves",
                field="state",
                transitions=[("requested", state) for state in ("withdrawn", "refused", "carried_out")],
            ),
            pgtrigger.ReadOnly(name="asked_once", exclude=["state", "merged_ids", "decided_at", "decided_by"]),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decided_at__isnull=False),
            ),
            pgtrigger.Protect(name="never_forgotten", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.state}"
