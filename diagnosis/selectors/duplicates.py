"""Where else the very same file is, among what a person may see."""

from clinic.models import User
from diagnosis.models import SlideImage

MOST_SHOWN = 5


def same_bytes_elsewhere(*, image: SlideImage, user: User) -> list[SlideImage]:
    """Other images of the same bytes, the oldest first, of patients `user` may see. Nobody else's are looked at."""
    others = SlideImage.objects.visible_to(user).filter(sha256=image.sha256).exclude(pk=image.pk)
    return list(others.select_related("case__patient").order_by("created_at", "id")[:MOST_SHOWN])
