"""Reading images in tests as doctors do: opened first, then said what they see."""

from typing import Any

from clinic.models import User
from diagnosis.models import Answer, Case, Prediction, Reading, SlideImage
from diagnosis.services.openings import open_image
from diagnosis.services.reading_checks import ReadingEntries
from diagnosis.services.readings import record_reading
from tests.factories import ImageFactory

NO_PICTURE = "d" * 64  # a digest without a file, where no picture is looked at


def drawn_image(case: Case) -> SlideImage:
    """An image of which there is a picture."""
    return ImageFactory.create(case=case, display_sha256=NO_PICTURE)


def record(image: SlideImage, reader: User, *, answer: str = Answer.AGREE, label: str = "Pre", **more: Any) -> Reading:
    """As a page does that knows how things stand, unless the test says otherwise."""
    standing = Reading.objects.current().filter(image=image, reader=reader).first()
    shown = Prediction.objects.shown_to(reader).filter(analysis__image=image).first()
    state = {
        "based_on": more.pop("based_on", standing.pk if standing else None),
        "shown": more.pop("shown", shown.pk if shown else None),
    }
    entries = ReadingEntries(answer=answer, label=label, **more)
    return record_reading(image=image, reader=reader, entries=entries, **state)


def read(image: SlideImage, reader: User, label: str = "Pre", **more: Any) -> Reading:
    """Open it and give a class, where none is suggested."""
    open_image(image=image, reader=reader)
    return record(image, reader, answer=Answer.OWN_CLASS, label=label, **more)
