"""Reading a person's tokens."""

from collections.abc import Sequence

from django.db.models import Q
from django.db.models.functions import Now

from clinic.models import ApiToken, User


def tokens_of(person: User) -> Sequence[ApiToken]:
    """The tokens that are still good, the newest first."""
    good = Q(expiry__isnull=True) | Q(expiry__gt=Now())
    return list(ApiToken.objects.filter(good, user=person).order_by("-created"))
