"""Faults one after another: each while images arrive, and what is proved after it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from clinic.models import AuditEvent
from clinic.services.tokens import issue_token
from tests.factories import CaseFactory, PatientFactory, UserFactory, add_to_care_team
from tests.faults import proof
from tests.faults.faults import POISONED, Fault
from tests.faults.harm import OF_THE_HARM, lease, sweep
from tests.faults.site import Site
from tests.faults.traffic import Acknowledged, Sending, Traffic
from tests.faults.waits import Waits, waits_of
from tests.waiting import TookTooLong, wait_until

CASES = 8
GRACE = 10.0  # seconds beyond the sweeper's period in which what was lost must be found
NOTICED = 5.0  # seconds that nobody may wait for a page or for an upload's answer beside a fault that is unnoticed
LONGEST_RECOVERY = 300.0  # seconds; what takes longer has not recovered


@dataclass(frozen=True)
class Outcome:
    """What became of it. Times in seconds.

    `bound`: in what time it had to recover. `again`: how often images were taken up again, their worker being lost.
    """

    fault: str
    images: int
    lasted: float = 0.0
    recovered: float = 0.0
    bound: float = 0.0
    unreadable: float = 0.0
    upload: float = 0.0
    again: int = 0
    refusals: str = ""
    remarks: str = ""
    problems: list[str] = field(default_factory=list)


def clinic_of(site: Site) -> Traffic:
    """A doctor with a few patients, and their program."""
    doctor = UserFactory.create()
    cases = []
    for _ in range(CASES):
        patient = PatientFactory.create(created_by=doctor)
        add_to_care_team(patient, doctor)
        cases.append(CaseFactory.create(patient=patient).pk)
    return Traffic(site.address, issue_token(person=doctor).text, cases)


def one_after_another(site: Site, faults: Sequence[Fault], tell: Callable[[Outcome], None]) -> list[Outcome]:
    """Every fault on one site; each is told when it is over."""
    traffic = clinic_of(site)
    outcomes = []
    for fault in faults:
        try:
            outcomes.append(suffer(site, traffic, fault))
        except OF_THE_HARM as error:
            outcomes.append(Outcome(fault.name, fault.images, problems=[f"nothing could be proved: {error!r}"]))
        tell(outcomes[-1])
    return outcomes


def suffer(site: Site, traffic: Traffic, fault: Fault) -> Outcome:
    """Do one fault to the site while images are sent, wait until it has recovered, and prove that all is well."""
    traffic.forget_times()
    known, since, began = len(traffic.acknowledged), timezone.now(), time.monotonic()
    makings = fault.makings()
    sending = traffic.send(makings, over=fault.over)
    try:
        wrong = _harmed(site, sending, fault)
        over = time.monotonic()
        wrong += recovered(site, sending)
        ended = time.monotonic()
    finally:
        sending.end()
    bound = fault.rounds * (lease() + sweep() + GRACE)
    outcome = Outcome(
        fault=fault.name,
        images=len(makings),
        lasted=over - began,
        recovered=ended - over,
        bound=bound,
        unreadable=traffic.longest_gap,
        upload=traffic.longest_upload,
        again=taken_up_again(since),
        refusals=told_refusals(traffic),
        remarks=_beside(traffic.acknowledged[known:], fault),
    )
    return replace(outcome, problems=[*wrong, *_too_long(outcome, fault, traffic), *_proved(traffic, fault)])


def _harmed(site: Site, sending: Sending, fault: Fault) -> list[str]:
    """Do it; what went wrong. Whatever that was, the site is given the chance to recover."""
    try:
        wait_until(lambda: sending.done >= sending.count // 8, what="the first images to be taken in")
        fault.harm(site, sending)
    except AssertionError as error:  # it took too long, or did nothing
        return [str(error)]
    except OF_THE_HARM as error:  # the faults after it are to be tried, too
        return [f"the harm itself failed: {error!r}"]
    finally:
        site.doom.unlink(missing_ok=True)
        site.kept_running()
    return []


def recovered(site: Site, sending: Sending) -> list[str]:
    """Wait until every image is acknowledged and has a result; what is wrong when that takes too long."""
    try:
        wait_until(
            lambda: sending.done == sending.count and proof.is_settled(), what="results", seconds=LONGEST_RECOVERY
        )
    except TookTooLong as error:
        return [str(error)]
    return []


def _proved(traffic: Traffic, fault: Fault) -> list[str]:
    traffic.set_aside += bool(fault.poison)
    return proof.problems(traffic)


def _too_long(outcome: Outcome, fault: Fault, traffic: Traffic) -> list[str]:
    """What nobody should have had to wait for."""
    found = []
    if outcome.recovered > outcome.bound:
        found.append(f"recovered only after {outcome.recovered:.1f} s")
    if fault.unnoticed and max(outcome.unreadable, outcome.upload) > NOTICED:
        found.append("somebody was held up")
    if fault.unnoticed and traffic.refusals:
        found.append("somebody was turned away")
    return found


def taken_up_again(since: datetime) -> int:
    """How often images went back to the queue because their worker was lost or failed."""
    actions = ["analysis.lease_lost", "analysis.given_back"]
    return AuditEvent.objects.filter(action__in=actions, occurred_at__gte=since).count()


def told_refusals(traffic: Traffic) -> str:
    """How often what was answered instead of an acknowledgement."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(traffic.refusals.items()))


def _beside(acknowledged: Sequence[Acknowledged], fault: Fault) -> str:
    """How long images waited for their results before a poisonous one came, and beside it."""
    if not fault.poison or not fault.over:
        return ""
    ids = [one.analysis for one in acknowledged]
    before, beside = waits_of(ids[:POISONED]), waits_of(ids[POISONED:])
    return f"result after {_told(before)} before it came, {_told(beside)} beside it"


def _told(waits: Waits) -> str:
    return f"{waits.median:.1f} s (p95 {waits.nearly_all:.1f}, longest {waits.longest:.1f})"
