"""Opening cases."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Patient, User
from clinic.services import audit, records
from diagnosis.models import Case


@transaction.atomic
def open_case(
    *,
    patient: Patient,
    opened_by: User,
    assay: str,
    specimen_date: date,
    note: str = "",
    micrometres_per_pixel: float | None = None,
) -> Case:
    """Open a case for one specimen. Raises ValidationError with plain sentences when an entry is unfit.

    RecordRestricted, which is one too, while the patient's record is frozen.
    """
    records.lock_open(patient_id=patient.pk, user=opened_by)
    case = Case(
        patient=patient,
        assay=assay,
        specimen_date=specimen_date,
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
