"""A doctor's own readings of an image."""

from collections.abc import Sequence

from clinic.models import User
from diagnosis.models import Reading, SlideImage


def own_reading(image: SlideImage, *, reader: User) -> Reading | None:
    """The one that stands: no later one of theirs has taken its place."""
    return Reading.objects.current().filter(image=image, reader=reader).order_by("created_at", "id").last()


def own_earlier_readings(image: SlideImage, *, reader: User) -> Sequence[Reading]:
    """Those that were replaced, the oldest first, each with what replaced it."""
    replaced = Reading.objects.filter(image=image, reader=reader, replaced_by__isnull=False)
    return list(replaced.select_related("replaced_by").order_by("created_at", "id"))
