"""Telling a doctor where else the same file is."""

from collections.abc import Sequence

from clinic.models import User
from clinic.services import audit
from diagnosis.models import SlideImage
from diagnosis.selectors.duplicates import same_bytes_elsewhere


def show_duplicates(*, image: SlideImage, person: User) -> Sequence[SlideImage]:
    """The same bytes in other cases that the person may see; telling it is a look at those patients' data."""
    found = same_bytes_elsewhere(image=image, user=person)
    audit.record_all(
        actor=person,
        acts=[
            audit.Act(action="image.shown_as_duplicate", subject=one, patient_id=one.case.patient_id) for one in found
        ],
    )
    return found
