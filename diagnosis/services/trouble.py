"""Trouble that no image is to blame for: a full disk, a store or a database that fails."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from clinic.disks import is_disk_trouble
from clinic.services import readiness

logger = logging.getLogger(__name__)

DATABASE_ERRORS = (OperationalError, InterfaceError)
ERRORS = (OSError, *DATABASE_ERRORS)
PAUSES = (0.5, 1.0, 2.0)  # seconds; together shorter than what an analysis may take of its lease

# What PostgreSQL calls lost connections, transactions that stood still, insufficient resources, operators' intervention
# and errors of its system. What it says of a statement counts as an attempt.
_OF_THE_DATABASE = ("", "08", "25", "53", "57", "58")


@dataclass
class _Noted:
    """Whether this process had such trouble with the files and has not seen the end of it."""

    with_files: bool = False


_noted = _Noted()


def note(error: Exception) -> bool:
    """Whether the error came from outside; of files it is remembered."""
    if isinstance(error, OSError):
        _noted.with_files = is_disk_trouble(error)
        return _noted.with_files
    code = getattr(error.__cause__, "pgcode", None) or ""
    return code[:2] in _OF_THE_DATABASE


def once_it_answers(act: Callable[[], None]) -> None:
    """Do something in the database, which may just be starting again. What fails to the end is raised."""
    for pause in PAUSES:
        try:
            return act()
        except DATABASE_ERRORS:
            connection.close()
            time.sleep(pause)
    return act()


def lasts() -> bool:
    """Whether files still cannot be stored, after they could not be. Then nothing is claimed: it would come to nothing,
    again and again, and each time leave rows in the trail."""
    if _noted.with_files:
        try:
            readiness.check_storage()
        except readiness.NotReady:
            logger.warning("Files cannot be stored; images wait until they can.")
            return True
        _noted.with_files = False
    return False


def forget() -> None:
    """Trust the files again."""
    _noted.with_files = False
