"""What a service refuses because of how things stand is a conflict; an entry that is wrong stays a wrong entry."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError

from clinic.api.errors import Conflict
from clinic.services.records import RecordRestricted


@contextmanager
def refusals_as_conflicts() -> Iterator[None]:
    """A ValidationError of no single entry is 409; one that names entries, and a frozen record, pass."""
    try:
        yield
    except RecordRestricted:
        raise
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise
        raise Conflict(" ".join(error.messages)) from None
