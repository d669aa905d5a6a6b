"""`Prefer: wait` (RFC 7240): a program that asks so hears of the end of an analysis when it ends, and asks once."""

import re
import time
from collections.abc import Callable
from threading import BoundedSemaphore
from uuid import UUID

from rest_framework.request import Request

from diagnosis.models import Analysis

LONGEST = 3  # seconds: less than a web server that is to end gives its requests
MOST = 2  # of a process' eight threads: the others answer people
SOONEST, LATER = 0.005, 0.03  # seconds to the next look, and what share of the time waited it grows to

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,9})\b", re.IGNORECASE)
_seats = BoundedSemaphore(MOST)


def seconds_asked(request: Request) -> int:
    """How long the program would wait, at most `LONGEST`; 0: not at all."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), LONGEST) if found else 0


def wait_for_end(analysis_id: UUID, *, seconds: int) -> bool:
    """Wait until the analysis has ended, or for so long. False, at once, where enough others of this process wait."""
    if not _seats.acquire(blocking=False):
        return False
    try:
        _look_until(lambda: not Analysis.objects.pending().filter(pk=analysis_id).exists(), seconds=seconds)
    finally:
        _seats.release()
    return True


def _look_until(has_ended: Callable[[], bool], *, seconds: int) -> None:
    began = time.monotonic()
    while not has_ended() and (waited := time.monotonic() - began) < seconds:
        time.sleep(max(SOONEST, waited * LATER))
