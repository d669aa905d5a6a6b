"""Every fault that is done to a site: each returns when the harm is over and what is left is to recover."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg2
import requests
from celery import Celery
from django.db import connection

from diagnosis.models import Analysis, AnalysisState
from diagnosis.selectors.models import active_model
from diagnosis.services import analysis_queue, file_store
from tests.faults.site import PROGRESS, Site
from tests.faults.traffic import Sending
from tests.waiting import wait_until

Harm = Callable[[Site, Sending], None]


def at_step(step: str, *, how: str = "", times: int = 1) -> Harm:
    """The process that gets to a step dies there, and is started again; a worker's child by its parent."""

    def harm(site: Site, sending: Sending) -> None:
        for _ in range(times):
            site.doom.write_text(f"{step}\n{how}", encoding="utf-8")
            wait_until(lambda: not site.doom.exists(), what=f"somebody to get where {step}")
            time.sleep(0.2)
            site.kept_running()

    return harm


def worker_killed(site: Site, sending: Sending) -> None:
    """The whole worker at once, in the middle of whatever it is at."""
    site.programs["worker"].kill()
    site.kept_running()


def web_killed(site: Site, sending: Sending) -> None:
    """The whole web server at once."""
    site.programs["web"].kill()
    site.kept_running()


def broker_stopped(site: Site, sending: Sending) -> None:
    """For five seconds there is no broker; it comes back empty."""
    site.broker.stop()
    time.sleep(5)
    site.broker.start()


def broker_wiped(site: Site, sending: Sending) -> None:
    """The broker is killed and comes back at once, without a message."""
    assert site.broker.process is not None
    site.broker.process.kill()
    site.broker.process.wait()
    site.broker.start()


def broker_paused(site: Site, sending: Sending) -> None:
    """The broker takes connections and answers nothing for fifteen seconds."""
    assert site.broker.process is not None
    site.broker.process.send_signal(signal.SIGSTOP)
    time.sleep(15)
    site.broker.process.send_signal(signal.SIGCONT)


def same_message(site: Site, sending: Sending) -> None:
    """The same wake-up fifty times."""
    model = active_model("leukemia")
    assert model is not None
    with Celery(broker=site.broker.server.url) as sender:
        for _ in range(50):
            sender.send_task("diagnosis.tasks.analyse_queued", args=[str(model.pk)])


def database_restarted(times: int) -> Harm:
    """PostgreSQL ends at once, as in a crash, and recovers; again and again."""

    def harm(site: Site, sending: Sending) -> None:
        for _ in range(times):
            assert site.database.process is not None
            site.database.process.send_signal(signal.SIGQUIT)  # what pg_ctl stop -m immediate sends
            site.database.process.wait()
            site.database.start()
            connection.close()  # our own; it ended with the server
            time.sleep(1)
            site.kept_running()

    return harm


def connections_exhausted(site: Site, sending: Sending) -> None:
    """Somebody else holds every connection that the database has, for five seconds."""
    address = site.variables["DATABASE_URL"].replace("postgres://", "postgresql://")
    with ExitStack() as held:
        with suppress(psycopg2.OperationalError):
            while True:
                held.callback(psycopg2.connect(address).close)
        time.sleep(5)


def deployed(site: Site, sending: Sending) -> None:
    """Three times web server, worker and scheduler are asked to end and started again."""
    for _ in range(3):
        for name in ("web", "worker", "scheduler"):
            site.programs[name].stop()
            site.start(name)


def two_schedulers(site: Site, sending: Sending) -> None:
    """A second scheduler beside the first."""
    site.start("scheduler", under="scheduler too")
    time.sleep(8)
    site.programs.pop("scheduler too").stop()


def no_scheduler(site: Site, sending: Sending) -> None:
    """No scheduler while images arrive and the broker loses every message."""
    site.programs["scheduler"].stop()
    broker_wiped(site, sending)
    time.sleep(5)
    site.start("scheduler")


def clock_off(site: Site, sending: Sending) -> None:
    """A second worker whose clock is an hour ahead, beside one that is right, which dies."""
    site.start("worker", under="worker ahead", CLOCK_OFF="3600")
    time.sleep(6)
    site.programs["worker"].kill()
    site.kept_running()
    time.sleep(4)
    site.programs.pop("worker ahead").stop()


def slow_beyond_the_broker(site: Site, sending: Sending) -> None:
    """A batch that takes longer than its lease and the broker's patience, with a second worker beside it."""
    site.start("worker", under="worker too", BROKER_VISIBILITY_SECONDS="5")
    site.doom.write_text("the image is decoded\n12", encoding="utf-8")
    wait_until(lambda: not site.doom.exists(), what="a batch that is slow")
    time.sleep(12)
    site.programs.pop("worker too").stop()


def nothing_is_consumed(site: Site, sending: Sending) -> None:
    """A worker that is alive and does nothing: readiness must say so, and no longer when it goes on."""
    site.programs["worker"].signal_all(signal.SIGSTOP)
    wait_until(lambda: "worker" in not_ready(site), what="readiness to say that nobody works", seconds=6 * PROGRESS)
    site.programs["worker"].signal_all(signal.SIGCONT)
    wait_until(lambda: not not_ready(site), what="readiness to come back")


def not_ready(site: Site) -> set[str]:
    """The parts of which the site says that they are not ready."""
    said = requests.get(f"{site.address}/health/ready", timeout=20).json()["parts"]
    return {name for name, problem in said.items() if problem != "ready"}


def full_disk(folder: str) -> Harm:
    """No byte more fits where files, uploads under way, or the database are kept, for five seconds."""

    def harm(site: Site, sending: Sending) -> None:
        with filled(site, folder):
            time.sleep(5)

    return harm


@contextmanager
def filled(site: Site, folder: str) -> Iterator[None]:
    """Fill the small disk at a folder of the site to its last byte."""
    ballast = site.small_disks[folder] / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    try:
        yield
    finally:
        ballast.unlink()


def bit_flipped_in_an_image(site: Site, sending: Sending) -> None:
    """A stored original changes by a bit while it waits: it is refused, and whole again once it is sent again."""
    site.programs["worker"].stop()
    wait_until(lambda: Analysis.objects.filter(state=AnalysisState.QUEUED).exists(), what="an image that waits")
    waiting = Analysis.objects.filter(state=AnalysisState.QUEUED).select_related("image").first()
    assert waiting is not None
    flip(site, waiting.image.sha256)
    site.start("worker")
    damaged = Analysis.objects.filter(pk=waiting.pk, failure_code="damaged_file")
    wait_until(damaged.exists, what="the damaged image to be refused")
    sending.send_again(waiting.image.sha256, waiting.image.case_id)


def bit_flipped_in_the_model(site: Site, sending: Sending) -> None:
    """The stored model changes by a bit, its export is gone, and the workers start anew: they refuse it.

    Once it is whole again, an administrator has what was set aside tried again.
    """
    model = active_model("leukemia")
    assert model is not None
    whole = file_store.get(model.sha256)
    site.programs["worker"].stop()
    flip(site, model.sha256)
    site.start("worker")
    wait_until(lambda: Analysis.objects.filter(state=AnalysisState.QUARANTINED).exists(), what="an image set aside")
    sending.wait()
    file_store.put(whole)
    site.programs["worker"].stop()
    site.start("worker")
    for analysis in Analysis.objects.filter(state=AnalysisState.QUARANTINED):
        analysis_queue.retry(analysis=analysis, retried_by=analysis.requested_by)


def flip(site: Site, sha256: str) -> None:
    """Change one bit of a stored file."""
    path = Path(site.variables["MEDIA_ROOT"]) / file_store.name_of(sha256)
    with path.open("r+b") as file:
        file.seek(100)
        (byte,) = file.read(1)
        file.seek(100)
        file.write(bytes([byte ^ 1]))
