"""Has a process of a worker fail at a request for too much memory, before the machine has none left for its neighbours.

Loaded with the tasks; listens in workers alone.
"""

import resource

from celery import signals
from django.conf import settings


@signals.worker_init.connect
def listen(**_: object) -> None:
    """From now on; the processes that the worker forks have inherited it."""
    signals.worker_process_init.connect(_limit, weak=False)


def _limit(**_: object) -> None:
    """Only the soft limit: the process that exports a model, which needs more, lifts it again."""
    if settings.WORKER_MEMORY_BYTES:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (settings.WORKER_MEMORY_BYTES, hard))
