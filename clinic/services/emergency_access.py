"""Emergency access: a doctor who is not on the care team opens a record, for an hour, with a reason."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import (
    EMERGENCY_LASTS,
    AuditEvent,
    EmergencyAccess,
    EmergencyNotice,
    Patient,
    Purpose,
    User,
)
from clinic.selectors.emergency_access import exact_matches
from clinic.services import audit

SHORTEST_REASON = 20  # letters: a sentence, not a dot
MOST_MISSES = 10  # searches that found nobody, in MISSES_COUNT_FOR
MISSES_COUNT_FOR = timedelta(hours=1)

MISSED = "emergency_access.missed"
NOBODY = lazy("No other patient has exactly these entries. Check them against the referral or the wristband.")
ALREADY_YOURS = lazy("This patient is open to you already: you find them among your patients.")
TOO_MANY = lazy("Too many searches found nobody. Wait an hour, or ask a colleague on the care team to add you.")


class TooManyMisses(ValidationError):
    """Somebody may be guessing."""

    def __init__(self) -> None:
        super().__init__(TOO_MANY, code="too_many")


def open_in_emergency(
    *, doctor: User, record_number: str, reason: str, family_name: str = "", birth_date: date | None = None
) -> Sequence[EmergencyAccess]:
    """Open every record that has exactly this number and name or date of birth to `doctor`, and tell the care teams.

    Raises PermissionDenied for anybody but doctors, ValidationError with one sentence when nobody is opened: it is
    the same for an unknown number and for a name that does not fit. Such tries are recorded and counted.
    """
    if not doctor.is_doctor or not doctor.is_active:
        raise PermissionDenied("Only doctors open records in an emergency.")
    if not record_number.strip() or not (family_name.strip() or birth_date):
        raise ValidationError(_("Enter the record number, and the family name or the date of birth."))
    if len(reason.strip()) < SHORTEST_REASON:
        why = _("Say in a sentence why (%(limit_value)s letters at least).")
        raise ValidationError({"reason": why % {"limit_value": SHORTEST_REASON}})
    with transaction.atomic():  # what went wrong is recorded, so it is raised only after the commit
        opened = _open(doctor, record_number.strip(), family_name.strip(), birth_date, reason.strip())
    if isinstance(opened, ValidationError):
        raise opened
    return opened


@transaction.atomic
def end_emergency_access(*, access: EmergencyAccess, ended_by: User) -> None:
    """Close the record again before the hour is over. Doing so twice changes nothing."""
    if access.user_id != ended_by.pk:
        raise PermissionDenied("Only the doctor who opened the record ends the access.")
    if EmergencyAccess.objects.current().filter(pk=access.pk).update(ended_at=Now()):
        audit.record(
            actor=ended_by,
            action="emergency_access.ended",
            subject=access,
            patient_id=access.patient_id,
            purpose=Purpose.EMERGENCY,
        )


@transaction.atomic
def acknowledge(*, notice: EmergencyNotice, acknowledged_by: User) -> None:
    """Note that one of the care team has read about an emergency access. Doing so twice changes nothing."""
    if notice.recipient_id != acknowledged_by.pk:
        raise PermissionDenied("This notice is for somebody else.")
    if EmergencyNotice.objects.filter(pk=notice.pk, acknowledged_at__isnull=True).update(acknowledged_at=Now()):
        audit.record(
            actor=acknowledged_by,
            action="emergency_access.acknowledged",
            subject=notice.access,
            patient_id=notice.access.patient_id,
        )


def _open(
    doctor: User, record_number: str, family_name: str, birth_date: date | None, reason: str
) -> Sequence[EmergencyAccess] | ValidationError:
    User.objects.select_for_update(no_key=True).get(pk=doctor.pk)  # tries at once are counted one after the other
    if _misses_of(doctor) >= MOST_MISSES:
        audit.record(actor=doctor, action="emergency_access.throttled", subject=doctor, purpose=Purpose.EMERGENCY)
        return TooManyMisses()
    found = exact_matches(record_number=record_number, family_name=family_name, birth_date=birth_date)
    if not found:
        audit.record(actor=doctor, action=MISSED, subject=doctor, purpose=Purpose.EMERGENCY)
        return ValidationError(NOBODY)
    open_already = set(Patient.objects.visible_to(doctor).filter(pk__in=[one.pk for one in found]))
    opened = [_open_one(doctor, patient, reason) for patient in found if patient not in open_already]
    return opened or ValidationError(ALREADY_YOURS)


def _misses_of(doctor: User) -> int:
    return AuditEvent.objects.filter(actor=doctor, action=MISSED, occurred_at__gt=Now() - MISSES_COUNT_FOR).count()


def _open_one(doctor: User, patient: Patient, reason: str) -> EmergencyAccess:
    access = EmergencyAccess.objects.create(
        user=doctor, patient=patient, reason=reason, expires_at=Now() + EMERGENCY_LASTS
    )
    access.refresh_from_db()
    team = [one.user_id for one in patient.care_team_memberships.all()]
    EmergencyNotice.objects.bulk_create(EmergencyNotice(access=access, recipient_id=member) for member in team)
    audit.record(
        actor=doctor,
        action="emergency_access.opened",
        subject=access,
        patient_id=patient.pk,
        purpose=Purpose.EMERGENCY,
        told=len(team),
    )
    return access
