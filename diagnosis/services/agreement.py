"""Keeping the figures of all readers: counting a million readings takes longer than anybody waits for a page."""

from django.conf import settings
from django.core.cache import cache

from diagnosis.models import Reading
from diagnosis.selectors.agreement_counts import Counts, counts_of_enough

KEPT = "agreement-of-all-1"  # the number goes up with the shape of Counts


def count_all() -> Counts:
    """Count the readings of all doctors afresh, and keep the sums.

    Only sums over enough doctors come out of here, with no doctor, patient or image in them.
    """
    counts = counts_of_enough(Reading.objects.all(), doctors=settings.AGREEMENT_FEWEST_DOCTORS)
    cache.set(KEPT, counts, timeout=None)  # rather old than slow, should the scheduler be away: the page says of when
    return counts


def counts_of_all() -> Counts:
    """The sums as they were last counted; counted now if they are not at hand."""
    return cache.get(KEPT) or count_all()
