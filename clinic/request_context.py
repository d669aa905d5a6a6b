"""Where the current request comes from: known to the audit trail without passing it through every call."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RequestContext:
    """One request: its id, and the address it came from (empty outside a request)."""

    request_id: uuid.UUID = field(default_factory=uuid.uuid4)
    address: str | None = None
    patients: set[uuid.UUID] = field(default_factory=set)  # on whose data the request acted or looked so far


@dataclass(frozen=True)
class TaskContext:
    """One task of a worker, and the request that had it sent: for the logs alone.

    A wake-up leads a worker to whatever waits, so the trail is never told that a request did what a task does.
    """

    name: str
    task_id: str
    request_id: str | None = None


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
_task: ContextVar[TaskContext | None] = ContextVar("task_context", default=None)


def current() -> RequestContext | None:
    """The request being answered, or None in a worker or a command."""
    return _current.get()


def current_id() -> uuid.UUID | None:
    """The id of the request being answered, or None in a worker or a command."""
    here = _current.get()
    return here.request_id if here else None


def enter(context: RequestContext | None) -> None:
    """Make `context` the current one for this thread of work."""
    _current.set(context)


def current_task() -> TaskContext | None:
    """The task that this worker's process is at."""
    return _task.get()


def enter_task(context: TaskContext | None) -> None:
    """Make `context` the task that this process is at."""
    _task.set(context)
