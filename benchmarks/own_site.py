"""A whole site of a benchmark's own, as `make run` has it, and what its programs take of the processor."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from benchmarks.client import Client
from embedded.place import CHECKOUT
from tests.faults.site import Site, running_site

MODELS = CHECKOUT / "var" / "model-cache"  # the exports are made once
NO_DOOM = {"PYTHONPATH": ""}  # the fault suite lays its traps on that path
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def own_site(**variables: str) -> Iterator[Site]:
    """The site, its programs started. Our own process is one of it, too: its rows can be read."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends us ends the site as well
    with running_site(models=MODELS, told=NO_DOOM | variables) as site:
        os.environ.update(site.variables)
        django.setup()
        yield site


def client_of(site: Site) -> Client:
    """The program of a new doctor."""
    from clinic.services.tokens import issue_token  # noqa: PLC0415  Django has to be set up first
    from tests.factories import UserFactory  # noqa: PLC0415

    return Client(site.address, issue_token(person=UserFactory.create()).text)


def processor_seconds(site: Site) -> dict[str, float]:
    """What each program has taken of the processor until now, children included."""
    leaders = {name: program.process.pid for name, program in site.programs.items()}
    for name, server in (("database", site.database), ("broker", site.broker)):
        if server.process is not None:
            leaders[name] = server.process.pid
    return {name: _seconds(pid) for name, pid in leaders.items()}


def _seconds(pid: int) -> float:
    """Of a process, its children, and those of them that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:  # it has just ended: its time is its parent's now
        return 0.0
    return sum(map(int, fields[11:15])) / TICK + sum(_seconds(int(child)) for child in children)
