"""Reading a person's or a program's tokens."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from clinic.models import ApiToken, User


def good_tokens(person: User) -> QuerySet[ApiToken]:
    """The tokens that are still good."""
    good = Q(expiry__isnull=True) | Q(expiry__gt=Now())
    found: QuerySet[ApiToken] = ApiToken.objects.filter(good, user=person)
    return found


def tokens_of(person: User) -> Sequence[ApiToken]:
    """The tokens that are still good, the newest first."""
    return list(good_tokens(person).order_by("-created"))
