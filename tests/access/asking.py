"""Asking the site for what a row of the matrix describes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, Client, encode_multipart
from django.urls import reverse

from tests.access.rows import Row
from tests.access.world import World
from tests.factories import drawn_png, upload

SIGN_IN = "/sign-in/"
PICTURE = drawn_png(seed=9)


def address(row: Row, ids: dict[str, UUID]) -> str:
    """Where the row's thing is found."""
    at = {name: value.format(**ids) for name, value in row.at.items()}
    return row.path or reverse(row.name, kwargs={**({row.by: ids[row.of]} if row.of else {}), **at})


def ask(world: World, row: Row, person: str, method: str, ids: dict[str, UUID]) -> Any:
    """One cell: what comes back. Whatever was changed is undone."""
    with undone():
        return send(world.client(person), row, method, ids)


def send(client: Client, row: Row, method: str, ids: dict[str, UUID], query: str = "", **headers: Any) -> Any:
    """The request itself, with the whole answer read."""
    answer = client.generic(method, address(row, ids) + query, **body_of(row, method, ids), **headers)
    if answer.streaming:
        b"".join(answer)
    return answer


def body_of(row: Row, method: str, ids: dict[str, UUID]) -> dict[str, Any]:
    if method in {"GET", "HEAD", "OPTIONS"}:
        return {}
    values = {name: value.format(**ids) if isinstance(value, str) else value for name, value in row.body.items()}
    if row.is_api and not row.file:
        return {"data": json.dumps(values), "content_type": "application/json"}
    files = {row.file: upload(content=PICTURE)} if row.file else {}
    return {"data": encode_multipart(BOUNDARY, {**values, **files}), "content_type": MULTIPART_CONTENT}


@contextmanager
def undone() -> Iterator[None]:
    """Nothing that happens inside stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def told(answer: Any) -> str:
    """The status, or `sign-in` for being sent there."""
    sent = answer.headers.get("Location", "")
    return "sign-in" if answer.status_code == 302 and sent.startswith(SIGN_IN) else str(answer.status_code)
