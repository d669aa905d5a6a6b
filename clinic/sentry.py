"""Reports of our own errors to a Sentry: where it happened and of what kind it was, as in our logs.

Sentry's libraries gather much, and more with every version. So nothing is taken out of what they gathered: a new report
is made of what may leave, and all else stays here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint

from clinic import request_context
from clinic.logs import chain, kind_of
from clinic.version import VERSION

KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment")
KEPT_OF_A_FRAME = ("filename", "function", "module", "lineno", "in_app")
OFF: Any = {"mode": "off"}
NOTHING: Any = {  # what the library calls sending no personal data, and each of its kinds besides
    "user_info": False,
    "cookies": OFF,
    "http_headers": {"request": OFF},
    "http_bodies": [],
    "url_query_params": OFF,
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
    "frame_context_lines": 0,
}
VIEW = re.compile(r"[A-Za-z_][\w.]*")  # the dotted name of a function; an address is none


def start(*, dsn: str, transport: Transport | None = None) -> None:
    """From now on errors that nobody caught, of web and worker, are reported."""
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        environment=settings.SENTRY_ENVIRONMENT,
        release=VERSION,
        before_send=_without_values,
        before_send_transaction=_nothing,
        data_collection=NOTHING,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False),
            CeleryIntegration(propagate_traces=False),
            DedupeIntegration(),
        ],
    )


def _nothing(_event: Event, _hint: Hint) -> None:
    """Of what went well nothing is told."""


def _without_values(event: Event, hint: Hint) -> Event | None:
    """A new report of an error that nobody caught; of anything else there is none."""
    error = (hint.get("exc_info") or (None, None, None))[1]
    if error is None:
        return None
    gathered: Mapping[str, Any] = event
    kinds = {type(one).__name__: kind_of(one) for one in chain(error)}
    told: dict[str, Any] = {name: gathered[name] for name in KEPT if name in gathered}
    told["exception"] = {"values": [_exception(one, kinds) for one in gathered["exception"]["values"]]}
    told["tags"] = dict(_tags(gathered.get("transaction") or ""))
    return told  # type: ignore[return-value]


def _exception(gathered: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    frames = (gathered.get("stacktrace") or {}).get("frames", [])
    name = str(gathered.get("type"))
    return {
        "type": name,
        "module": gathered.get("module"),
        "value": kinds.get(name, name),
        "stacktrace": {"frames": [{key: frame.get(key) for key in KEPT_OF_A_FRAME} for frame in frames]},
    }


def _tags(transaction: str) -> Iterator[tuple[str, str]]:
    if VIEW.fullmatch(transaction):
        yield "place", transaction
    task = request_context.current_task()
    request_id = request_context.current_id() or (task and task.request_id)
    if request_id:
        yield "request_id", str(request_id)
    if task:
        yield "task", task.name
