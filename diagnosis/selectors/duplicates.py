"""Where else the very same files are, among what a person may see."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from clinic.models import User
from diagnosis.models import SlideImage

MOST_SHOWN = 5


def same_bytes_elsewhere(*, images: Sequence[SlideImage], user: User) -> dict[UUID, list[SlideImage]]:
    """Other images of the same bytes, the oldest first, of patients `user` may see. Nobody else's are looked at.

    By the image that they equal; `images` are of one case, so no two of them are equal.
    """
    place = Window(RowNumber(), partition_by=F("sha256"), order_by=["created_at", "id"])
    others = (
        SlideImage.objects.visible_to(user)
        .filter(sha256__in=[image.sha256 for image in images])
        .exclude(pk__in=[image.pk for image in images])
        .annotate(place=place)
        .filter(place__lte=MOST_SHOWN)
    )
    found: dict[str, list[SlideImage]] = {image.sha256: [] for image in images}
    for other in others.select_related("case__patient").order_by("created_at", "id"):
        found[other.sha256].append(other)
    return {image.pk: found[image.sha256] for image in images}
