"""Taking an image out of its case, and putting it back. It stays in the record, marked, and counts for nothing."""

from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit, records
from diagnosis.models import Report, SlideImage, WithdrawalReason
from diagnosis.services import analysis_queue


@transaction.atomic
def withdraw_image(*, image: SlideImage, withdrawn_by: User, reason: WithdrawalReason) -> SlideImage:
    """From now on the image needs no analysis and no reading, and is in no report. What is known about it stays.

    Raises PermissionDenied for whom the patient is hidden from, ValidationError when it is withdrawn already. A
    restricted record does not stand in the way: nothing is added to it.
    """
    records.lock_visible(patient_id=_patient_of(image, withdrawn_by), user=withdrawn_by)
    current = SlideImage.objects.select_for_update(no_key=True).get(pk=image.pk)
    if current.withdrawn_at:
        raise ValidationError(_("This image is withdrawn already."))
    # The analyses before the image: whoever finishes one locks it before the case's standing, as is done here.
    analysis_queue.cancel(image=current, cancelled_by=withdrawn_by)
    SlideImage.objects.filter(pk=current.pk).update(
        withdrawn_at=Now(), withdrawn_by=withdrawn_by, withdrawal_reason=WithdrawalReason(reason)
    )
    current.refresh_from_db()
    _note("image.withdrawn", current, withdrawn_by, reason=current.withdrawal_reason)
    return current


@transaction.atomic
def restore_image(*, image: SlideImage, restored_by: User) -> SlideImage:
    """Put a withdrawn image back: it counts again, and what was not analysed is.

    Raises PermissionDenied as above, ValidationError when it is not withdrawn or the record is restricted.
    """
    records.lock_open(patient_id=_patient_of(image, restored_by), user=restored_by)
    current = SlideImage.objects.select_for_update(no_key=True).get(pk=image.pk)
    if current.withdrawn_at is None:
        raise ValidationError(_("This image is not withdrawn."))
    analysis_queue.queue_cancelled(image=current, queued_by=restored_by)
    was_missed = Report.objects.filter(case=current.case_id, created_at__gt=current.withdrawn_at).exists()
    since = Now() if was_missed else current.in_use_since  # a report signed without it has to be amended
    SlideImage.objects.filter(pk=current.pk).update(
        withdrawn_at=None, withdrawn_by=None, withdrawal_reason="", in_use_since=since
    )
    current.refresh_from_db()
    _note("image.restored", current, restored_by)
    return current


def _patient_of(image: SlideImage, person: User) -> UUID:
    """Whose image it is now: a merging may have moved the case since the page was opened."""
    patient = SlideImage.objects.visible_to(person).filter(pk=image.pk).values_list("case__patient", flat=True).first()
    if patient is None:
        raise PermissionDenied(records.NOT_ON_THE_TEAM)
    return patient


def _note(action: str, image: SlideImage, person: User, **detail: object) -> None:
    act = audit.Act(action=action, subject=image, patient_id=image.case.patient_id, detail=detail)
    audit.record_all(actor=person, acts=[act])
