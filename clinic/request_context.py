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


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext | None:
    """The request being answered, or None in a worker or a command."""
    return _current.get()


def enter(context: RequestContext | None) -> None:
    """Make `context` the current one for this thread of work."""
    _current.set(context)
