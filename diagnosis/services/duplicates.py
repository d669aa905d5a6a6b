"""Telling a doctor where else the same file is."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from clinic.models import User
from clinic.services import audit
from diagnosis.models import SlideImage
from diagnosis.selectors.duplicates import same_bytes_elsewhere


def show_duplicates(*, images: Sequence[SlideImage], person: User) -> Mapping[UUID, Sequence[SlideImage]]:
    """The same bytes in other cases that the person may see, by image; telling it is a look at those patients' data."""
    found = same_bytes_elsewhere(images=images, user=person)
    audit.record_all(
        actor=person,
        acts=[
            audit.Act(action="image.shown_as_duplicate", subject=one, patient_id=one.case.patient_id)
            for others in found.values()
            for one in others
        ],
    )
    return found
