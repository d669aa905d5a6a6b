"""Faults at random for as long as images arrive, and how long the site took to recover from each."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread

import numpy as np
from django.db import DatabaseError, connection
from django.utils import timezone

from diagnosis.models import Analysis
from diagnosis.models.analysis import PENDING
from tests.faults import proof
from tests.faults.campaign import LONGEST_RECOVERY, clinic_of, recovered, taken_up_again, told_refusals
from tests.faults.faults import AT_RANDOM
from tests.faults.harm import OF_THE_HARM
from tests.faults.harm_files import retry_what_was_set_aside
from tests.faults.site import Site
from tests.faults.traffic import Sending, Traffic, drawn
from tests.faults.waits import Waits, told, until_all_were_done

AHEAD = 64  # images that wait at most: what is measured is the recovery, not how long a queue can get
LOOK = 0.5  # seconds


@dataclass
class Storm:
    """What was done and what became of it. Times in seconds; `moments`: when each fault of a kind was over."""

    images: int
    moments: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    without_effect: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, Waits] = field(default_factory=dict)
    waits: Waits = field(default_factory=lambda: told([]))
    lasted: float = 0.0
    unreadable: float = 0.0
    upload: float = 0.0
    again: int = 0
    retried: int = 0
    results: int = 0
    refusals: str = ""
    problems: list[str] = field(default_factory=list)


def suffer_at_random(site: Site, *, images: int, every: float, seed: int, tell: Callable[[str], None]) -> Storm:
    """Send so many images under random faults, wait until all is over, and prove that all is well."""
    traffic = clinic_of(site)
    traffic.keeps_content = False
    storm = Storm(images)
    since, began = timezone.now(), time.monotonic()
    sending = traffic.send([drawn] * images)
    with _not_too_far_ahead(sending):
        _rage(site, sending, storm, every=every, seed=seed, tell=tell)
    storm.problems += recovered(site, sending)
    storm.retried = retry_what_was_set_aside(since=since)
    storm.problems += recovered(site, sending)
    sending.end()
    storm.lasted = time.monotonic() - began
    _count_up(storm, traffic, since)
    tell(f"{storm.lasted:.0f} s: everything has its result; now it is proved")
    storm.problems += proof.problems(traffic)
    storm.results = len({tuple(sorted(one.items())) for one in traffic.expected.values()})
    return storm


def _rage(site: Site, sending: Sending, storm: Storm, *, every: float, seed: int, tell: Callable[[str], None]) -> None:
    """One fault after another; the next of each comes a while after the last was over."""
    dice, kinds = np.random.default_rng(seed), _possible(site)
    began = time.monotonic()
    done, stood_since = 0, began
    while sending.done < sending.count:
        time.sleep(every)
        kind = kinds[dice.integers(len(kinds))]
        _strike(site, sending, storm, kind)
        now = time.monotonic()
        tell(f"{now - began:.0f} s: {sending.done} of {sending.count} taken in; {kind}")
        if sending.done > done:
            done, stood_since = sending.done, now
        if now - stood_since > LONGEST_RECOVERY:
            storm.problems.append(f"nothing more was taken in after {done} images")
            return


def _strike(site: Site, sending: Sending, storm: Storm, kind: str) -> None:
    try:
        AT_RANDOM[kind](site, sending)
    except (AssertionError, *OF_THE_HARM):  # it took too long, did nothing, or could not be done
        storm.without_effect[kind] += 1
    finally:
        connection.close()  # it may have ended with the server
        site.kept_running()
    storm.moments[kind].append(timezone.now())


def _possible(site: Site) -> list[str]:
    return [kind for kind in AT_RANDOM if site.small_disks or "disk" not in kind]


@contextmanager
def _not_too_far_ahead(sending: Sending) -> Iterator[None]:
    """Nothing more is sent while too many wait."""
    over = Event()
    looking = Thread(target=_look, args=[sending, over])
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _look(sending: Sending, over: Event) -> None:
    while not over.wait(LOOK):
        try:
            sending.hold(wanted=Analysis.objects.filter(state__in=PENDING).count() > AHEAD)
        except DatabaseError:
            connection.close()
    connection.close()
    sending.hold(wanted=False)


def _count_up(storm: Storm, traffic: Traffic, since: datetime) -> None:
    storm.unreadable, storm.upload = traffic.longest_gap, traffic.longest_upload
    storm.again, storm.refusals = taken_up_again(since), told_refusals(traffic)
    for kind, moments in storm.moments.items():
        storm.recoveries[kind] = told([until_all_were_done(moment) for moment in moments])
    done = Analysis.objects.filter(created_at__gte=since, finished_at__isnull=False)
    times = done.values_list("created_at", "finished_at")
    storm.waits = told([(ended - began).total_seconds() for began, ended in times if ended])
