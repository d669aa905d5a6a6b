"""Has every process of a worker write down what it is at. Loaded with the tasks; listens in workers alone."""

import os
from typing import Any

from celery import signals, states
from celery.utils.nodenames import gethostname

from clinic.services import worker_pulse


@signals.worker_init.connect
def listen(**_: object) -> None:
    """From now on; the processes that the worker forks have inherited it."""
    signals.worker_process_init.connect(_began, weak=False)
    signals.worker_process_shutdown.connect(_stopped, weak=False)
    signals.task_prerun.connect(_task_began, weak=False)
    signals.task_postrun.connect(_task_ended, weak=False)


def _began(**_: object) -> None:
    worker_pulse.note_start(process=_name())


def _stopped(**_: object) -> None:
    worker_pulse.note_stop(process=_name())


def _task_began(sender: Any, **_: object) -> None:
    worker_pulse.note_task(process=_name(), task=sender.name)


def _task_ended(state: str | None = None, **_: object) -> None:
    worker_pulse.note_end(process=_name(), well=state == states.SUCCESS)


def _name() -> str:
    return f"{gethostname()}:{os.getpid()}"
