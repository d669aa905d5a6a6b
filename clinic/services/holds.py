"""Restricting a record, keeping it from being erased, and letting go of either."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import HoldKind, Patient, RecordHold, User
from clinic.services import audit, records

ALREADY = {
    HoldKind.RESTRICTION: lazy("This record is under a restriction already."),
    HoldKind.LEGAL_HOLD: lazy("This record is under a legal hold already."),
}


@transaction.atomic
def place_hold(*, patient: Patient, kind: HoldKind, reason: str, placed_by: User) -> RecordHold:
    """Restrict a record or put it under a legal hold. ValidationError without a reason, or when it is so already."""
    records.lock_for_team(patient_ids=[patient.pk], user=placed_by)
    if patient.holds.filter(kind=kind, lifted_at__isnull=True).exists():
        raise ValidationError(ALREADY[kind])
    hold = RecordHold(patient=patient, kind=kind, reason=reason.strip(), placed_by=placed_by)
    hold.full_clean()
    hold.save()
    audit.record(actor=placed_by, action=f"{kind.value}.placed", subject=hold, patient_id=patient.pk)
    return hold


@transaction.atomic
def lift_hold(*, hold: RecordHold, reason: str, lifted_by: User) -> RecordHold:
    """Lift a restriction or a legal hold. ValidationError without a reason, or when it was lifted meanwhile."""
    records.lock_for_team(patient_ids=[hold.patient_id], user=lifted_by)
    current = RecordHold.objects.get(pk=hold.pk)
    if current.lifted_at:
        raise ValidationError(_("This was lifted already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    current.lift_reason, current.lifted_at, current.lifted_by = reason.strip(), timezone.now(), lifted_by
    current.full_clean()
    current.save(update_fields=["lift_reason", "lifted_at", "lifted_by"])
    audit.record(actor=lifted_by, action=f"{current.kind}.lifted", subject=current, patient_id=current.patient_id)
    return current
