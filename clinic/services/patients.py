"""Registering patients and sharing their care."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from clinic.models import CareTeamMembership, Patient, User
from clinic.services import audit


@transaction.atomic
def register_patient(
    *,
    registered_by: User,
    record_number: str,
    family_name: str,
    given_name: str = "",
    birth_date: date | None = None,
) -> Patient:
    """Register a patient and put the doctor on the care team.

    Raises ValidationError with plain sentences, also when one of the doctor's own patients has the record number:
    a second record of one person splits their history. (Other doctors' patients are not hinted at.)
    """
    if not registered_by.is_doctor:
        raise PermissionDenied("Only doctors register patients.")
    User.objects.select_for_update().get(pk=registered_by.pk)  # two tabs, one patient: the second one waits and sees
    patient = Patient(
        record_number=record_number.strip(),
        family_name=family_name.strip(),
        given_name=given_name.strip(),
        birth_date=birth_date,
        created_by=registered_by,
    )
    patient.full_clean()
    if birth_date and birth_date > timezone.localdate():
        raise ValidationError({"birth_date": "This date of birth lies in the future."})
    if Patient.objects.visible_to(registered_by).filter(record_number__iexact=patient.record_number).exists():
        raise ValidationError({"record_number": "One of your patients already has this record number."})
    patient.save()
    CareTeamMembership.objects.create(patient=patient, user=registered_by, added_by=registered_by)
    audit.record(actor=registered_by, action="patient.registered", subject=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def add_to_care_team(*, patient: Patient, doctor: User, added_by: User) -> CareTeamMembership:
    """Put `doctor` on the patient's care team; already being on it changes nothing."""
    if not Patient.objects.visible_to(added_by).filter(pk=patient.pk).exists():
        raise PermissionDenied("Only the care team can add to itself.")
    if not doctor.is_doctor or not doctor.is_active:
        raise ValidationError("Only doctors can be on a care team.")
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
    return membership
