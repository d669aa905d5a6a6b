"""Which request a task goes back to: its id travels in the message's header, so that logs of both can be put together.

A request's id is a random number and says nothing of anybody. Loaded with the tasks.
"""

from typing import Any

from celery import signals

from clinic import request_context
from clinic.request_context import TaskContext

HEADER = "request_id"


@signals.before_task_publish.connect
def send_the_request_along(headers: dict[str, Any] | None = None, **_: object) -> None:
    """A message that a request sends names it; what a worker sends on its own goes back to no request."""
    request_id = request_context.current_id()
    if headers is not None and request_id:
        headers[HEADER] = str(request_id)


@signals.task_prerun.connect
def enter(task_id: str, task: Any, **_: object) -> None:
    """From here on every line of this process names the task and the request that had it sent."""
    request_id = task.request.get(HEADER)
    request_context.enter_task(TaskContext(name=task.name, task_id=task_id, request_id=request_id))


@signals.task_postrun.connect
def leave(**_: object) -> None:
    """Lines of this process are about no task any more."""
    request_context.enter_task(None)
