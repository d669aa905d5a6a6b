"""Registering patients."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import CareTeamMembership, Patient, User
from clinic.selectors.duplicates import Candidate, likely_duplicates
from clinic.services import audit


class LikelyDuplicates(Exception):
    """Nobody was registered: the doctor should look at these patients of theirs first."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__("You may have registered this patient already.")
        self.candidates = candidates


def register_patient(
    *,
    registered_by: User,
    record_number: str,
    family_name: str,
    given_name: str = "",
    birth_date: date | None = None,
    not_duplicate_of: Collection[UUID] = (),
) -> Patient:
    """Register a patient and put the doctor on the care team; of a program also the doctor who answers for it.

    Raises ValidationError with plain sentences, and LikelyDuplicates when the doctor's own patients hold somebody
    alike who is not named in `not_duplicate_of`: a second record of one person splits their history. (Other doctors'
    patients are not hinted at.)
    """
    if not registered_by.sees_patients:
        raise PermissionDenied("Only doctors register patients.")
    patient = Patient(
        record_number=record_number.strip(),
        family_name=family_name.strip(),
        given_name=given_name.strip(),
        birth_date=birth_date,
        created_by=registered_by,
    )
    patient.full_clean()
    if birth_date and birth_date > timezone.localdate():
        raise ValidationError({"birth_date": _("This date of birth lies in the future.")})
    with transaction.atomic():
        candidates = _register(patient, registered_by, set(not_duplicate_of))
    if candidates:
        raise LikelyDuplicates(candidates)
    return patient


def _register(patient: Patient, doctor: User, known: set[UUID]) -> Sequence[Candidate]:
    """Write the patient, unless somebody alike is there whom the doctor did not rule out: those are returned."""
    User.objects.select_for_update(no_key=True).get(
        pk=doctor.pk
    )  # two tabs, one patient: the second one waits and sees
    candidates = likely_duplicates(user=doctor, sought=patient)
    if any(candidate.patient.pk not in known for candidate in candidates):
        _note_shown(candidates, doctor)
        return candidates
    patient.save()
    for member in filter(None, [doctor, doctor.answered_for_by]):
        CareTeamMembership.objects.create(patient=patient, user=member, added_by=doctor)
    audit.record(
        actor=doctor, action="patient.registered", subject=patient, patient_id=patient.pk, duplicates=len(candidates)
    )
    return ()


def _note_shown(candidates: Sequence[Candidate], doctor: User) -> None:
    audit.record_all(
        actor=doctor,
        acts=[
            audit.Act(action="patient.shown_as_duplicate", subject=one.patient, patient_id=one.patient.pk)
            for one in candidates
        ],
    )
