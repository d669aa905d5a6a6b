"""Finding rows by the digest of a file they refer to: whoever removes a file asks whether any row still does."""

from django.contrib.postgres.indexes import HashIndex
from django.db.models import Q


def found_by(field: str, *, name: str) -> HashIndex:
    """An index of the rows that refer to a file by `field`. By hash: digests are only ever looked up whole."""
    return HashIndex(fields=[field], condition=~Q(**{field: ""}), name=name)
