"""What a fault is: something that is done to a site from outside, and made sure of."""

from collections.abc import Callable

import psycopg2
import requests
from django.conf import settings
from django.db import DatabaseError
from django.db.models.functions import Now

from diagnosis.models import Analysis, AnalysisState
from embedded.problem import Problem
from tests.faults.site import Site
from tests.faults.traffic import Sending

# Each returns when the harm is over and what is left is to recover.
Harm = Callable[[Site, Sending], None]


# What may go wrong with the doing, on a site that is being hurt.
OF_THE_HARM = (DatabaseError, psycopg2.Error, OSError, Problem)


class NoHarm(AssertionError):
    """The fault did not do what it says, so that nothing was proved."""


def make_sure(harmed: object, what: str) -> None:
    """Refuse to prove anything by a fault that had no effect."""
    if not harmed:
        raise NoHarm(f"no harm was done: {what}")


def lease() -> float:
    """How long a worker holds what it claimed, in seconds."""
    return settings.ANALYSIS_LEASE.total_seconds()


def sweep() -> float:
    """How often it is looked for what got lost, in seconds."""
    return settings.ANALYSIS_SWEEP_PERIOD.total_seconds()


def runs() -> bool:
    """Whether some image is being analysed."""
    return Analysis.objects.filter(state=AnalysisState.RUNNING).exists()


def is_lost() -> bool:
    """Whether some image's worker is dead, or too slow, and nobody has noticed."""
    return Analysis.objects.filter(state=AnalysisState.RUNNING, lease_expires_at__lt=Now()).exists()


def not_ready(site: Site) -> set[str]:
    """The parts of which the site says that they are not ready."""
    said = requests.get(f"{site.address}/health/ready", timeout=20).json()["parts"]
    return {name for name, problem in said.items() if problem != "ready"}
