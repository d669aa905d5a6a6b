"""Faults one after another, or at random for as long as images arrive; what is proved after each is told in a table."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clinic.services.tokens import issue_token
from tests.factories import CaseFactory, PatientFactory, UserFactory, add_to_care_team
from tests.faults import harm, proof
from tests.faults.harm import Harm
from tests.faults.site import Site
from tests.faults.traffic import Sending, Traffic, drawn
from tests.waiting import TookTooLong, wait_until

CASES = 8
LONGEST_RECOVERY = 120.0  # seconds


@dataclass(frozen=True)
class Fault:
    """What is done, while how many images are sent. `quick` ones are part of every run of the suite."""

    name: str
    harm: Harm
    images: int = 40
    quick: bool = False
    set_aside: int = 0
    poison: bytes = b""

    def contents(self) -> list[bytes]:
        """The images; a poisonous one is among the first."""
        images = [drawn() for _ in range(self.images)]
        if self.poison:
            images.insert(3, drawn() + self.poison)
        return images


@dataclass(frozen=True)
class Outcome:
    """What became of it. Times in seconds."""

    fault: str
    images: int
    lasted: float
    recovered: float
    unreadable: float
    refusals: str
    problems: list[str]


def nothing(site: Site, sending: Sending) -> None:
    """No harm: what the images carry is enough."""


UPLOAD_STEPS = ["the header is read", "the file is stored", "the rows are written", "the rows hold"]
WORK_STEPS = [
    "the batch is claimed",
    "the image is decoded",
    "the model has spoken",
    "the pictures are stored",
    "the results are written",
    "the results hold",
]

QUICK = {"the file is stored", "the results are written"}

FAULTS: list[Fault] = [
    *(Fault(f"web dies when {step}", harm.at_step(step), quick=step in QUICK) for step in UPLOAD_STEPS),
    *(Fault(f"worker child dies when {step}", harm.at_step(step), quick=step in QUICK) for step in WORK_STEPS),
    *(Fault(f"worker dies when {step}", harm.at_step(step, how="and parent")) for step in WORK_STEPS),
    Fault("worker killed", harm.worker_killed),
    Fault("web killed", harm.web_killed),
    Fault("an image crashes its process", nothing, set_aside=1, poison=b"POISON", quick=True),
    Fault("an image hangs", nothing, set_aside=1, poison=b"HANG"),
    Fault("an image eats memory", nothing, set_aside=1, poison=b"GORGE"),
    Fault("the same message fifty times", harm.same_message, quick=True),
    Fault("a batch outlasts lease and broker", harm.slow_beyond_the_broker),
    Fault("broker stopped for 5 s", harm.broker_stopped),
    Fault("broker wiped", harm.broker_wiped, quick=True),
    Fault("broker paused for 15 s", harm.broker_paused),
    Fault("PostgreSQL restarted at once", harm.database_restarted(1), quick=True),
    Fault("PostgreSQL restarted at once, ten times", harm.database_restarted(10), images=200),
    Fault("no connection is left for 5 s", harm.connections_exhausted),
    Fault("three deployments", harm.deployed, images=100),
    Fault("two schedulers", harm.two_schedulers),
    Fault("no scheduler", harm.no_scheduler),
    Fault("a clock an hour off", harm.clock_off),
    Fault("a worker that consumes nothing", harm.nothing_is_consumed),
    Fault("a bit flips in an image", harm.bit_flipped_in_an_image),
    Fault("a bit flips in the model", harm.bit_flipped_in_the_model),
    Fault("disk full for files for 5 s", harm.full_disk("media")),
    Fault("disk full for uploads under way for 5 s", harm.full_disk("incoming")),
    Fault("disk full for the database for 5 s", harm.full_disk("database")),
]

# What may happen at any time, every few seconds, for as long as images arrive.
AT_RANDOM: list[Harm] = [
    *(harm.at_step(step) for step in [*UPLOAD_STEPS, *WORK_STEPS]),
    *(harm.at_step(step, how="and parent") for step in WORK_STEPS),
    harm.worker_killed,
    harm.web_killed,
    harm.same_message,
    harm.broker_wiped,
    harm.database_restarted(1),
]


def clinic_of(site: Site) -> Traffic:
    """A doctor with a few patients, and their program."""
    doctor = UserFactory.create()
    cases = []
    for _ in range(CASES):
        patient = PatientFactory.create(created_by=doctor)
        add_to_care_team(patient, doctor)
        cases.append(CaseFactory.create(patient=patient).pk)
    return Traffic(site.address, issue_token(person=doctor).text, cases)


def suffer(site: Site, traffic: Traffic, fault: Fault) -> Outcome:
    """Do one fault to the site while images are sent, wait until it has recovered, and prove that all is well."""
    traffic.refusals.clear()
    traffic.longest_gap = 0.0
    contents = fault.contents()
    began = time.monotonic()
    sending = traffic.send(contents)
    try:
        wait_until(lambda: sending.done >= len(contents) // 8, what="the first images to be taken in")
        fault.harm(site, sending)
        over = time.monotonic()
        wrong = _recovered(site, sending)
        recovered = time.monotonic() - over
    except TookTooLong as error:
        over, recovered, wrong = time.monotonic(), 0.0, [str(error)]
    finally:
        sending.end()
    traffic.set_aside += fault.set_aside
    wrong += proof.problems(traffic)
    refusals = ", ".join(f"{count} {kind}" for kind, count in sorted(traffic.refusals.items()))
    return Outcome(fault.name, len(contents), over - began, recovered, traffic.longest_gap, refusals, wrong)


def _recovered(site: Site, sending: Sending) -> list[str]:
    try:
        wait_until(
            lambda: sending.done == sending.count and proof.is_settled(), what="results", seconds=LONGEST_RECOVERY
        )
    except TookTooLong as error:
        return [str(error)]
    return []


def one_after_another(site: Site, faults: Sequence[Fault], tell: Callable[[Outcome], None]) -> list[Outcome]:
    """Every fault on one site; each is told when it is over."""
    traffic = clinic_of(site)
    outcomes = []
    for fault in faults:
        outcomes.append(suffer(site, traffic, fault))
        tell(outcomes[-1])
    return outcomes


def at_random(*, every: float, seed: int) -> Harm:
    """A random fault every few seconds until every image is acknowledged."""
    dice = np.random.default_rng(seed)

    def harms(site: Site, sending: Sending) -> None:
        while sending.done < sending.count:
            time.sleep(every)
            AT_RANDOM[dice.integers(len(AT_RANDOM))](site, sending)

    return harms
