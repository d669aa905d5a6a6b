"""Who may act on a patient's record as a whole, and when it is frozen.

Each function locks the record until the transaction ends: what is checked here still holds when the change is written.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from clinic.models import Patient, User
from clinic.services.permissions import people_only

NOT_ON_THE_TEAM = "Only the patient's care team can do this."


class RecordRestricted(ValidationError):
    """The record is frozen: nothing new comes in while a restriction holds."""

    def __init__(self) -> None:
        super().__init__(
            _("This record is restricted: nothing can be added or analysed until the restriction is lifted."),
            code="restricted",
        )


def hold(*, patient_id: UUID) -> None:
    """Make everybody wait who would change the record or what is in it: each of them holds it first."""
    Patient.objects.select_for_update(no_key=True).filter(pk=patient_id).first()


def lock_visible(*, patient_id: UUID, user: User) -> Patient:
    """The record as it is now. Raises PermissionDenied when the person does not see it (any more)."""
    hold(patient_id=patient_id)
    patient = Patient.objects.visible_to(user).filter(pk=patient_id).first()
    if patient is None:
        raise PermissionDenied(NOT_ON_THE_TEAM)
    return patient


def lock_open(*, patient_id: UUID, user: User) -> Patient:
    """The record, to add to it. Raises RecordRestricted too."""
    patient = lock_visible(patient_id=patient_id, user=user)
    if patient.restricted_at:
        raise RecordRestricted
    return patient


def lock_for_team(*, patient_ids: Iterable[UUID], user: User) -> dict[UUID, Patient]:
    """Several records, for an act on each as a whole: only by people who are on every care team.

    Locked in the order of their ids, so that two people who do this at once wait instead of blocking one another.
    """
    people_only(user)
    patients = {pk: lock_visible(patient_id=pk, user=user) for pk in sorted(set(patient_ids))}
    teams = user.care_team_memberships.filter(patient__in=patients).values_list("patient_id", flat=True)
    if set(teams) != set(patients):
        raise PermissionDenied(NOT_ON_THE_TEAM)
    return patients
