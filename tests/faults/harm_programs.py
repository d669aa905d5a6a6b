"""Faults of web server, worker and scheduler."""

import signal
import time
from contextlib import suppress

from django.conf import settings

from clinic.models import AuditEvent
from tests.faults import proof
from tests.faults.harm import Harm, is_lost, lease, make_sure, not_ready, runs, sweep
from tests.faults.harm_servers import broker_wiped, same_message
from tests.faults.site import Site
from tests.faults.traffic import Sending
from tests.waiting import TookTooLong, wait_until


def at_step(step: str, *, how: str = "") -> Harm:
    """The process that gets to a step dies there, and is started again; a worker's child by its parent."""

    def harm(site: Site, sending: Sending) -> None:
        worker = site.programs["worker"]
        site.doom.write_text(f"{step}\n{how}", encoding="utf-8")
        try:
            wait_until(lambda: not site.doom.exists(), what=f"somebody to get where {step}")
            if how == "and parent":
                wait_until(lambda: worker.process.poll() is not None, what="the worker to die")
        finally:
            site.doom.unlink(missing_ok=True)
            site.kept_running()

    return harm


def worker_killed(site: Site, sending: Sending) -> None:
    """The whole worker at once, in the middle of whatever it is at."""
    wait_until(runs, what="something that is being analysed")
    site.programs["worker"].kill()
    site.kept_running()


def web_killed(site: Site, sending: Sending) -> None:
    """The whole web server at once."""
    site.programs["web"].kill()
    site.kept_running()


def deployed(times: int) -> Harm:
    """Web server, worker and scheduler are asked to end, do, and are started again."""

    def harm(site: Site, sending: Sending) -> None:
        for _ in range(times):
            for name in ("web", "worker", "scheduler"):
                make_sure(site.programs[name].stop(), f"the {name} did not end when it was asked to")
                site.start(name)

    return harm


def two_schedulers(site: Site, sending: Sending) -> None:
    """A second scheduler beside the first."""
    second = site.start("scheduler", under="scheduler too")
    time.sleep(4 * sweep())
    make_sure(second.process.poll() is None, "the second scheduler did not run")
    site.programs.pop("scheduler too").stop()


def no_scheduler(site: Site, sending: Sending) -> None:
    """No scheduler, and none of its messages, when a worker's process dies: what it held stays lost until there is."""
    site.programs.pop("scheduler").stop()  # not to be kept running
    try:
        broker_wiped(site, sending)
        at_step("the image is decoded")(site, sending)
        wait_until(is_lost, what="an image whose worker is dead")
        time.sleep(2 * sweep())
        make_sure(is_lost(), "somebody noticed without a scheduler")
    finally:
        site.start("scheduler")


def clock_off(seconds: int) -> Harm:
    """The only worker dies in the middle of a batch; there is another, whose clock is wrong, to find what it held."""

    def harm(site: Site, sending: Sending) -> None:
        site.start("worker", under="worker elsewhere", CLOCK_OFF=str(seconds))
        lost_before = _lost()
        wait_until(runs, what="something that is being analysed")
        site.programs["worker"].kill()
        try:
            wait_until(lambda: _lost() > lost_before, what="the worker with a wrong clock to find what was lost")
            wait_until(lambda: sending.done == sending.count and proof.is_settled(), what="it to do all the work")
        finally:
            site.kept_running()
            site.programs.pop("worker elsewhere").stop()

    return harm


def _lost() -> int:
    return AuditEvent.objects.filter(action="analysis.lease_lost").count()


def outlasts_its_lease(site: Site, sending: Sending) -> None:
    """A batch takes longer than its lease, while a second worker gets what it held, and messages come many times."""
    site.programs["worker"].stop()
    for name in ("worker", "worker too"):
        site.start("worker", under=name, UNLIMITED="yes", BROKER_VISIBILITY_SECONDS=str(round(lease() / 2)))
    lost_before = _lost()
    try:
        site.doom.write_text(f"the image is decoded\n{round(lease() * 2)}", encoding="utf-8")
        wait_until(lambda: not site.doom.exists(), what="a batch that is slow")
        same_message(site, sending)
        wait_until(lambda: _lost() > lost_before, what="the slow batch to lose its lease")
        time.sleep(lease() + 1)  # until the slow one is through
    finally:
        site.programs.pop("worker too").stop()
        site.programs["worker"].stop()
        site.start("worker")


def frozen(site: Site, sending: Sending) -> None:
    """A worker stops for longer than its lease in the middle of a batch, as a machine that is moved, and goes on."""
    site.start("worker", under="worker too")
    lost_before = _lost()
    try:
        wait_until(runs, what="something that is being analysed")
        site.doom.write_text("the pictures are stored\n3", encoding="utf-8")
        wait_until(lambda: not site.doom.exists(), what="somebody to be about to write results")
        for name in ("worker", "worker too"):
            site.programs[name].signal_all(signal.SIGSTOP)
        time.sleep(lease() + 1)
        third = site.start("worker", under="worker three")
        wait_until(lambda: _lost() > lost_before, what="a third worker to find what they held")
        make_sure(third.process.poll() is None, "the third worker ended")
    finally:
        for name in ("worker", "worker too"):
            site.programs[name].signal_all(signal.SIGCONT)
        for name in ("worker too", "worker three"):
            if name in site.programs:
                site.programs.pop(name).stop()
        site.kept_running()


def nothing_is_consumed(site: Site, sending: Sending) -> None:
    """A worker that is alive and does nothing: readiness must say so, and no longer when it goes on."""
    patience = 6 * settings.WORKER_PROGRESS.total_seconds()
    site.programs["worker"].signal_all(signal.SIGSTOP)
    try:
        wait_until(lambda: "worker" in not_ready(site), what="readiness to say that nobody works", seconds=patience)
    finally:
        site.programs["worker"].signal_all(signal.SIGCONT)
    wait_until(lambda: not not_ready(site), what="readiness to come back")


def for_a_moment(harm: Harm) -> Harm:
    """A fault among many at random: it is all right when nobody gets where it waits for them before the end."""

    def gently(site: Site, sending: Sending) -> None:
        with suppress(TookTooLong):
            harm(site, sending)

    return gently
