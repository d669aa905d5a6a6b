"""Opening cases, and saying how urgent they are."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Patient, User
from clinic.services import audit, records
from diagnosis.models import Case, Urgency


@transaction.atomic
def open_case(
    *,
    patient: Patient,
    opened_by: User,
    assay: str,
    specimen_date: date,
    urgency: str = Urgency.ROUTINE,
    note: str = "",
    micrometres_per_pixel: float | None = None,
) -> Case:
    """Open a case for one specimen. Raises ValidationError with plain sentences when an entry is unfit.

    RecordRestricted, which is one too, while the patient's record is frozen.
    """
    if opened_by.only_assays is not None and assay not in opened_by.only_assays:
        raise PermissionDenied("This token is for other assays.")
    records.lock_open(patient_id=patient.pk, user=opened_by)
    case = Case(
        patient=patient,
        assay=assay,
        specimen_date=specimen_date,
        urgency=urgency,
        note=note.strip(),
        micrometres_per_pixel=micrometres_per_pixel,
        created_by=opened_by,
    )
    case.full_clean()
    if specimen_date > timezone.localdate():
        raise ValidationError({"specimen_date": _("The specimen's date lies in the future.")})
    case.save()
    audit.record(actor=opened_by, action="case.opened", subject=case, patient_id=patient.pk, assay=assay)
    return case


@transaction.atomic
def set_urgency(*, case: Case, urgency: str, set_by: User) -> Case:
    """Say how soon the case must be read. The same as before is no change. ValidationError for an unknown word, or
    while the patient's record is frozen."""
    visible = Case.objects.visible_to(set_by).filter(pk=case.pk).first()
    if visible is None:
        raise PermissionDenied(records.NOT_ON_THE_TEAM)
    records.lock_open(patient_id=visible.patient_id, user=set_by)
    current = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    before, current.urgency = current.urgency, urgency
    current.full_clean()
    if urgency == before:
        return current
    current.save(update_fields=["urgency"])
    audit.record(
        actor=set_by,
        action="case.urgency_changed",
        subject=current,
        patient_id=current.patient_id,
        before=before,
        after=urgency,
    )
    return current
