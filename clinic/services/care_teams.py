"""Sharing the care of a patient, leaving it, and handing it over."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import CareTeamMembership, EmergencyNotice, Patient, Purpose, Role, User
from clinic.services import audit, records

ONLY_PROGRAMS = "People leave a care team by themselves; only programs are taken off it."


@transaction.atomic
def add_to_care_team(*, patient: Patient, doctor: User, added_by: User) -> CareTeamMembership:
    """Put `doctor` on the patient's care team; already being on it changes nothing.

    Raises PermissionDenied unless `added_by` is on the team, ValidationError for a frozen record or an unfit person.
    """
    locked = records.lock_for_team(patient_ids=[patient.pk], user=added_by)[patient.pk]
    if locked.restricted_at:
        raise records.RecordRestricted
    return _join(patient, doctor, added_by)


@transaction.atomic
def leave_care_team(*, patient: Patient, doctor: User) -> None:
    """Take `doctor` off the patient's care team. ValidationError for the last one: somebody must be there."""
    records.lock_for_team(patient_ids=[patient.pk], user=doctor)
    others = patient.care_team_memberships.exclude(user=doctor)
    if not others.filter(user__is_active=True, user__role=Role.DOCTOR).exists():
        raise ValidationError(
            _("You are the last doctor on this care team. Hand the patient over to a colleague first.")
        )
    _leave(patient, doctor)


@transaction.atomic
def hand_over(*, patient: Patient, to: User, handed_over_by: User) -> CareTeamMembership:
    """`to` takes the place of `handed_over_by` on the patient's care team, with the notices not yet taken note of."""
    records.lock_for_team(patient_ids=[patient.pk], user=handed_over_by)
    if to == handed_over_by or to.is_program:
        raise ValidationError(_("Choose a colleague to hand the patient over to."))
    membership = _join(patient, to, handed_over_by)
    _pass_notices_on(patient, handed_over_by, to)
    _leave(patient, handed_over_by, successor=to)
    return membership


@transaction.atomic
def take_program_off(*, patient: Patient, program: User, taken_off_by: User) -> None:
    """End a program's access to the patient. People leave by themselves: PermissionDenied for them.

    Taking off what is not on the team changes nothing.
    """
    records.lock_for_team(patient_ids=[patient.pk], user=taken_off_by)
    if not program.is_program:
        raise PermissionDenied(ONLY_PROGRAMS)
    membership = CareTeamMembership.objects.filter(patient=patient, user=program).first()
    if membership:
        audit.record(
            actor=taken_off_by,
            action="care_team.program_taken_off",
            subject=membership,
            patient_id=patient.pk,
            program=str(program.pk),
        )
        membership.delete()


def _join(patient: Patient, doctor: User, added_by: User) -> CareTeamMembership:
    if not doctor.sees_patients:
        raise ValidationError(_("Only doctors can be on a care team."))
    membership, created = CareTeamMembership.objects.get_or_create(
        patient=patient, user=doctor, defaults={"added_by": added_by}
    )
    if created:
        audit.record(
            actor=added_by,
            action="care_team.joined",
            subject=membership,
            patient_id=patient.pk,
            doctor=str(doctor.pk),
        )
        _end_emergency(patient, doctor)
    return membership


def _leave(patient: Patient, doctor: User, successor: User | None = None) -> None:
    membership = CareTeamMembership.objects.get(patient=patient, user=doctor)
    audit.record(
        actor=doctor,
        action="care_team.left",
        subject=membership,
        patient_id=patient.pk,
        doctor=str(doctor.pk),
        handed_over_to=str(successor.pk) if successor else None,
    )
    membership.delete()


def _end_emergency(patient: Patient, doctor: User) -> None:
    """Whoever is on the team needs no emergency access any more, and what they do is care."""
    for access in doctor.emergency_accesses.current().filter(patient=patient):
        doctor.emergency_accesses.filter(pk=access.pk).update(ended_at=Now())
        audit.record(
            actor=doctor,
            action="emergency_access.ended",
            subject=access,
            patient_id=patient.pk,
            purpose=Purpose.EMERGENCY,
        )


def _pass_notices_on(patient: Patient, leaving: User, to: User) -> None:
    open_ones = leaving.emergency_notices.filter(access__patient=patient, acknowledged_at__isnull=True)
    for notice in open_ones.exclude(access__user=to):
        EmergencyNotice.objects.get_or_create(access=notice.access, recipient=to)
