"""Noting that a doctor has an image before them."""

from django.db import transaction
from django.db.models.functions import Now

from clinic.models import User
from clinic.services import audit
from diagnosis.models import ImageOpening, SlideImage


@transaction.atomic
def open_image(*, image: SlideImage, reader: User, **detail: object) -> ImageOpening:
    """The doctor opens the image (with its case at hand): from now on they may read it. `detail` goes to the trail."""
    opening, _ = ImageOpening.objects.update_or_create(image=image, reader=reader, defaults={"last_opened_at": Now()})
    look = audit.Act(action="image.viewed", subject=image, patient_id=image.case.patient_id, detail=detail)
    audit.record_all(actor=reader, acts=[look])
    return opening
