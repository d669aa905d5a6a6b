"""Faults of disks, and of what is stored on them."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils import timezone

from diagnosis.models import Analysis, AnalysisState
from diagnosis.selectors.models import active_model
from diagnosis.services import analysis_queue, file_store
from tests.faults.harm import Harm, make_sure
from tests.faults.site import LARGEST, Site
from tests.faults.traffic import Sending
from tests.waiting import wait_until

PAGE = 4096  # bytes; what a disk in memory takes at least


def full_disk(folder: str, seconds: float) -> Harm:
    """No byte more fits where files, uploads under way, or the database are kept."""

    def harm(site: Site, sending: Sending) -> None:
        refused, ended = sending.refused, time.monotonic() + seconds
        with filled(site.small_disks[folder]) as fill:
            while time.monotonic() < ended:
                fill()
                time.sleep(0.05)
        if folder == "database":
            connection.close()  # ours; the server ended when it could not write
        site.kept_running()
        make_sure(sending.refused > refused, "every image was taken in")

    return harm


@contextmanager
def filled(disk: Path) -> Iterator[Callable[[], None]]:
    """A disk in memory, no larger than what is on it; and what fills it again when something on it has gone."""
    ballast = disk / "ballast"

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(PAGE))

    while not _resized(disk, f"size={_used(disk) + PAGE}"):
        pass
    try:
        yield fill
    finally:
        assert _resized(disk, LARGEST)
        ballast.unlink(missing_ok=True)


def _used(disk: Path) -> int:
    told = os.statvfs(disk)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def _resized(disk: Path, size: str) -> bool:
    """Whether that was possible; it is not when more was stored just now."""
    done = subprocess.run(["mount", "-o", f"remount,{size}", str(disk)], capture_output=True, check=False)
    return done.returncode == 0


def bit_flipped_in_an_image(site: Site, sending: Sending) -> None:
    """A stored original changes by a bit while it waits: it is refused, and whole again once it is sent again."""
    site.programs["worker"].stop()
    try:
        wait_until(_some(AnalysisState.QUEUED), what="an image that waits")
        waiting = Analysis.objects.filter(state=AnalysisState.QUEUED).select_related("image").first()
        assert waiting is not None
        whole = file_store.get(waiting.image.sha256)
        flip(site, waiting.image.sha256)
    finally:
        site.start("worker")
    damaged = Analysis.objects.filter(pk=waiting.pk, failure_code="damaged_file")
    try:
        wait_until(damaged.exists, what="the damaged image to be refused")
    finally:
        sending.send_again(whole, waiting.image.case_id)


def bit_flipped_in_the_model(site: Site, sending: Sending) -> None:
    """The stored model changes by a bit, and the workers start anew: they refuse it.

    Once it is whole again, what was set aside is tried again by hand.
    """
    since = timezone.now()
    model = active_model("leukemia")
    assert model is not None
    whole = file_store.get(model.sha256)
    site.programs["worker"].stop()
    flip(site, model.sha256)
    site.start("worker")
    try:
        wait_until(_some(AnalysisState.QUARANTINED), what="an image set aside")
        sending.wait()
    finally:
        file_store.put(whole)
        site.programs["worker"].stop()
        site.start("worker")
    wait_until(lambda: not _some(AnalysisState.QUEUED, AnalysisState.RUNNING)(), what="the rest to be analysed")
    retry_what_was_set_aside(since=since)


def _some(*states: AnalysisState) -> Callable[[], bool]:
    return Analysis.objects.filter(state__in=states).exists


def retry_what_was_set_aside(*, since: datetime) -> int:
    """What doctors do once the cause is gone. Returns how many images there were."""
    set_aside = Analysis.objects.filter(state=AnalysisState.QUARANTINED, finished_at__gte=since)
    return len([analysis_queue.retry(analysis=one, retried_by=one.requested_by) for one in set_aside])


def flip(site: Site, sha256: str) -> None:
    """Change one bit of a stored file."""
    path = Path(site.variables["MEDIA_ROOT"]) / file_store.name_of(sha256)
    with path.open("r+b") as file:
        file.seek(100)
        (byte,) = file.read(1)
        file.seek(100)
        file.write(bytes([byte ^ 1]))
