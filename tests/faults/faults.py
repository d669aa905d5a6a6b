"""Every fault that is done to a site, and what is sent meanwhile."""

from dataclasses import dataclass, field

from django.conf import settings

from tests.faults.harm import Harm
from tests.faults.harm_files import bit_flipped_in_an_image, bit_flipped_in_the_model, full_disk
from tests.faults.harm_programs import (
    at_step,
    clock_off,
    deployed,
    for_a_moment,
    frozen,
    no_scheduler,
    nothing_is_consumed,
    outlasts_its_lease,
    two_schedulers,
    web_killed,
    worker_killed,
)
from tests.faults.harm_servers import (
    broker_paused,
    broker_stopped,
    broker_wiped,
    connections_exhausted,
    database_restarted,
    same_message,
)
from tests.faults.site import Site
from tests.faults.traffic import Making, Sending, drawn
from tests.faults.unharmed import Family
from tests.waiting import wait_until

POISONED = 16  # so many others come before a poisonous image, to compare those beside it with


@dataclass(frozen=True)
class Fault:
    """What is done, while how many images are sent, at once or evenly over some seconds.

    `quick` ones are part of every run of the tests. Beside one that is `unnoticed` nobody who reads or sends is held
    up. What it holds up is analysed again after at most so many `rounds` of lease and sweeper.
    """

    name: str
    harm: Harm
    images: int = 40
    over: float = 0.0
    quick: bool = False
    unnoticed: bool = False
    rounds: int = 1
    poison: bytes = b""

    def makings(self) -> list[Making]:
        """How the images are made; a poisonous one comes after a few."""
        makings: list[Making] = [drawn] * self.images
        if self.poison:
            makings.insert(POISONED, lambda: drawn() + self.poison)
        return makings


@dataclass(frozen=True)
class InARow:
    """Several harms, one right after the other."""

    harms: list[Harm] = field(default_factory=list)

    def __call__(self, site: Site, sending: Sending) -> None:
        for harm in self.harms:
            harm(site, sending)


def _until_all_are_sent(_site: Site, sending: Sending) -> None:
    wait_until(lambda: sending.done == sending.count, what="all images to be taken in", seconds=600)


def _poisoned(name: str, poison: bytes, harm: Harm = _until_all_are_sent) -> Fault:
    return Fault(name, harm, images=100, over=50.0, poison=poison, rounds=3, unnoticed=True)


def _until_no_eater_is_left(site: Site, sending: Sending) -> None:
    """A process that ran out of memory would fail at other people's images, too."""
    _until_all_are_sent(site, sending)
    most = 1024 * (settings.CELERY_WORKER_MAX_MEMORY_PER_CHILD or 0)
    worker = site.programs["worker"].process.pid
    wait_until(lambda: Family.of(worker).peak() <= most, what="the processes that ate to end")


UPLOAD_STEPS = ["the header is read", "the file is stored", "the rows are written", "the rows hold"]
WORK_STEPS = [
    "the batch is claimed",
    "the image is decoded",
    "the model has spoken",
    "the pictures are stored",
    "the results are written",
    "the results hold",
]
HOUR = 3600

QUICK = InARow(
    [
        at_step("the file is stored"),
        at_step("the results are written"),
        same_message,
        broker_wiped,
        database_restarted(1),
    ]
)

FAULTS: list[Fault] = [
    Fault("a poisonous image, and five faults in a row", QUICK, images=60, poison=b"POISON", rounds=4, quick=True),
    *(Fault(f"web dies when {step}", at_step(step)) for step in UPLOAD_STEPS),
    *(Fault(f"worker child dies when {step}", at_step(step), unnoticed=True) for step in WORK_STEPS),
    *(Fault(f"worker dies when {step}", at_step(step, how="and parent"), unnoticed=True) for step in WORK_STEPS),
    Fault("worker killed", worker_killed, unnoticed=True),
    Fault("web killed", web_killed),
    _poisoned("an image crashes its process", b"POISON"),
    _poisoned("an image hangs", b"HANG FOR EVER"),
    _poisoned("an image eats memory", b"GORGE ON MEMORY", _until_no_eater_is_left),
    Fault("the same message fifty times", same_message, unnoticed=True),
    Fault("a batch outlasts its lease", outlasts_its_lease, unnoticed=True, over=10),
    Fault("workers freeze for longer than a lease", frozen, unnoticed=True, over=10),
    Fault("broker stopped for 5 s", broker_stopped(5), unnoticed=True, over=8),
    Fault("broker wiped", broker_wiped, unnoticed=True),
    Fault("broker paused for 15 s", broker_paused(15), unnoticed=True, over=20),
    Fault("PostgreSQL restarted at once", database_restarted(1)),
    Fault("PostgreSQL restarted at once, ten times", database_restarted(10), images=100, over=20),
    Fault("no connection is left for 5 s", connections_exhausted(5), over=8),
    Fault("three deployments", deployed(3), images=100),
    Fault("two schedulers", two_schedulers, unnoticed=True),
    Fault("no scheduler", no_scheduler, over=20.0, unnoticed=True),
    Fault("a clock an hour ahead", clock_off(HOUR), unnoticed=True),
    Fault("a clock an hour behind", clock_off(-HOUR), unnoticed=True),
    Fault("a worker that consumes nothing", nothing_is_consumed, unnoticed=True),
    Fault("a bit flips in an image", bit_flipped_in_an_image, over=8, unnoticed=True),
    Fault("a bit flips in the model", bit_flipped_in_the_model, unnoticed=True),
    Fault("disk full for files for 5 s", full_disk("media", 5), over=10),
    Fault("disk full for uploads under way for 5 s", full_disk("incoming", 5), over=10),
    Fault("disk full for the database for 5 s", full_disk("database", 5), over=10),
]

# What may happen at any time, for as long as images arrive. A file that changes or a model that does is for itself.
AT_RANDOM: dict[str, Harm] = {
    **{f"web dies when {step}": for_a_moment(at_step(step)) for step in UPLOAD_STEPS},
    **{f"worker child dies when {step}": for_a_moment(at_step(step)) for step in WORK_STEPS},
    **{f"worker dies when {step}": for_a_moment(at_step(step, how="and parent")) for step in WORK_STEPS},
    "worker killed": for_a_moment(worker_killed),
    "web killed": web_killed,
    "the same message fifty times": same_message,
    "broker stopped for 3 s": broker_stopped(3),
    "broker wiped": broker_wiped,
    "broker paused for 5 s": broker_paused(5),
    "PostgreSQL restarted at once": database_restarted(1),
    "no connection is left for 3 s": connections_exhausted(3),
    "a deployment": deployed(1),
    "a bit flips in an image": for_a_moment(bit_flipped_in_an_image),
    "disk full for files for 3 s": full_disk("media", 3),
    "disk full for uploads under way for 3 s": full_disk("incoming", 3),
    "disk full for the database for 3 s": full_disk("database", 3),
}
