"""Finding rows by the digest of a file they refer to.

Whoever removes a file asks whether any row still refers to it, and the daily proof of all files goes through them in
the order of their digests: both look into every field that names a file.
"""

from django.db.models import Index, Q


def found_by(field: str, *, name: str) -> Index:
    """An index of the rows that refer to a file by `field`; those that refer to none are left out."""
    return Index(fields=[field], condition=~Q(**{field: ""}), name=name)
