"""Bad input, for each address of the API: a 4xx problem document that says what to change, and nothing half-written.

The cases are made from the rows' good bodies, so that a new address is asked all of this as soon as it has its row.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.access.asking import address, undone
from tests.access.rows import ROWS, Row
from tests.access.test_changing import everything
from tests.access.world import World
from tests.factories import CaseFactory, ImageFactory, upload

pytestmark = pytest.mark.django_db
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
JSON = "application/json"
DEEP = 100_000
LONG = "x" * 200_000
UNFIT: tuple[Any, ...] = ([], {}, [[]], {"a": {}}, True, LONG, "\x00", "a\x00b", "\ud800", "\udfff\ud800", 10**4000)
OTHERS_THINGS = ("patient", "case", "image", "doctor", "prediction", "model")
# A description of the API for machines, and its page for people: no data of ours.
ABOUT_ITSELF = {"api:schema", "api:docs"}
ASKING = ("owner", "colleague", "administrator", "auditor", "write_token")
MAY = {"200", "201", "202", "204", "400", "409"}
SENDING = [
    (row, method)
    for row in ROWS
    for method in CHANGING
    if row.name.startswith("api:") and any(row.expected(method, who)[:3] in MAY for who in ASKING)
]
READING = [row for row in ROWS if row.name.startswith("api:") and " 200" in row.get and row.name not in ABOUT_ITSELF]
IN_JSON = [(row, method) for row, method in SENDING if not row.file]
AS_FORM = [(row, method) for row, method in SENDING if row.file]


@dataclass(frozen=True)
class Bad:
    """One request that is to be refused."""

    what: str
    body: bytes
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def people_for(row: Row, method: str) -> str:
    """Somebody who may do it: what is wrong must be the input."""
    return next(who for who in ASKING if row.expected(method, who)[:3] in MAY)


def identified(pairs: list[tuple[Row, str]]) -> list[Any]:
    return [pytest.param(row, method, id=f"{method} {row}") for row, method in pairs]


def refused(answer: Any) -> bool:
    """A problem document with a sentence."""
    if not 400 <= answer.status_code < 500 or answer["Content-Type"] != "application/problem+json":
        return False
    document = answer.json()
    return document["status"] == answer.status_code and len(document["detail"]) > 10


def send(client: Client, method: str, path: str, bad: Bad) -> Any:
    return client.generic(method, path, bad.body, content_type=bad.kind, **bad.headers)  # type: ignore[arg-type]


def all_are_refused(world: World, row: Row, method: str, cases: Iterator[Bad]) -> list[str]:
    """What was wrong with the answers; nothing may have changed by all of them together."""
    client, path = world.client(people_for(row, method)), address(row, world.ids)
    before = everything()
    answers = [(bad, send(client, method, path, bad)) for bad in cases]
    changed = [one[0] for one, other in zip(before, everything(), strict=True) if one != other]
    wrong = [
        f"{bad.what}: {answer.status_code} {answer.content[:200]!r}" for bad, answer in answers if not refused(answer)
    ]
    return wrong + [f"changed: {table}" for table in changed if table not in PASSING]


PASSING = {"clinic_requestcount"}  # what is counted whatever comes of it


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def of_any_body() -> Iterator[Bad]:
    """What is no body for anything."""
    yield Bad("broken", b"{")
    yield Bad("no text", b"\xff\xfe\x00")
    yield Bad("a list", b"[]")
    yield Bad("a text", b'"text"')
    yield Bad("deep lists", b"[" * DEEP)
    yield Bad("deep objects", b'{"a":' * DEEP)
    yield Bad("deep and closed", b"[" * DEEP + b"]" * DEEP)
    yield Bad("unknown", encoded({"surprise": 1}))
    yield Bad("unknown surrogate", b'{"\\ud800": 1}')
    yield Bad("unknown NUL", b'{"\\u0000": 1}')
    yield Bad("twice", b'{"surprise": 1, "surprise": 1}')
    yield Bad("NaN", b'{"surprise": NaN}')
    yield Bad("Infinity", b'{"surprise": -Infinity}')
    yield Bad("digits", b'{"surprise": ' + b"9" * 5000 + b"}")
    yield Bad("another kind", b"surprise=1", kind="text/plain")
    yield Bad("a form", b"surprise=1", kind="application/x-www-form-urlencoded")
    yield Bad("UTF-16", json.dumps({"surprise": 1}).encode("utf-16"), kind=f"{JSON}; charset=utf-16")
    bomb = gzip.compress(b"{" + b" " * 10_000_000)
    yield Bad("gzip bomb", bomb, headers={"HTTP_CONTENT_ENCODING": "gzip"})
    yield Bad("too large", b'{"surprise": "' + b"x" * 3_000_000 + b'"}')
    yield Bad("no sign-in", b"{}", headers={"HTTP_AUTHORIZATION": "Token garbled"})
    yield Bad("garbled token", b"{}", headers={"HTTP_AUTHORIZATION": "Token \x00\xff"})
    yield Bad("bad key", b"{}", headers={"HTTP_IDEMPOTENCY_KEY": "two words"})


def of_fields(good: dict[str, Any]) -> Iterator[Bad]:
    """What is wrong with a body of this kind."""
    yield Bad("empty", b"")
    yield Bad("nothing in it", b"{}")
    yield Bad("null", b"null")
    yield Bad("wrong length", b"{}", headers={"CONTENT_LENGTH": "many"})
    yield Bad("one too many", encoded(good | {"surprise": 1}))
    for name, right in good.items():
        for value in UNFIT:
            if type(value) is not type(right) or isinstance(value, str):
                yield Bad(f"{name} is {str(value)[:20]!r}", encoded(good | {name: value}))
        rest = encoded({key: value for key, value in good.items() if key != name})[1:]
        twice = f'{{"{name}": {json.dumps(right)}, "{name}": {json.dumps(right)}'.encode()
        yield Bad(f"{name} twice", twice + (b", " if len(rest) > 1 and rest != b"}" else b"") + rest)
        yield Bad(f"{name} endless", b'{"' + name.encode() + b'": 1e999}')


def of_others(world: World, good: dict[str, Any]) -> Iterator[Bad]:
    """Ids of what is not the asker's, and of nothing."""
    stranger = CaseFactory.create()
    foreign = {"patient": stranger.patient_id, "case": stranger.pk, "image": ImageFactory.create(case=stranger).pk}
    for name in good.keys() & set(OTHERS_THINGS):
        for pk in (uuid4(), foreign.get(name, stranger.pk)):
            yield Bad(f"{name} of others", encoded(good | {name: str(pk)}))


@pytest.mark.parametrize(("row", "method"), identified(IN_JSON))
def test_json_that_cannot_be_used_is_refused_and_changes_nothing(world: World, row: Row, method: str) -> None:
    good = {name: value.format(**world.ids) if isinstance(value, str) else value for name, value in row.body.items()}
    with undone():
        others = list(of_others(world, good))
        cases = [*of_any_body(), *(of_fields(good) if good else ()), *others]
        keyless = (bad for bad in cases if method != "DELETE" or "HTTP_IDEMPOTENCY_KEY" not in bad.headers)
        assert not all_are_refused(world, row, method, keyless)


def of_forms(name: str) -> Iterator[Bad]:
    """What is no form with a file in it."""
    start = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'.encode()
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    files = start + b"x\r\n"
    kind = "multipart/form-data; boundary=x"
    yield Bad("empty", b"", kind=kind)
    yield Bad("no boundary", start, kind="multipart/form-data")
    yield Bad("another boundary", start, kind="multipart/form-data; boundary=y")
    yield Bad("odd boundary", start, kind="multipart/form-data; boundary=\x00")
    yield Bad("endless boundary", start, kind="multipart/form-data; boundary=" + "x" * 300)
    yield Bad("cut off", start + b"\x89PNG", kind=kind)
    yield Bad("many parts", part * 10_000 + b"--x--\r\n", kind=kind)
    yield Bad("many files", files * 10_000 + b"--x--\r\n", kind=kind)
    yield Bad("JSON", b"{}")
    yield Bad("a file alone", b"\x89PNG", kind="image/png")
    yield Bad("gzip bomb", gzip.compress(start), kind=kind, headers={"HTTP_CONTENT_ENCODING": "gzip"})
    yield Bad("too large by its own account", start, kind=kind, headers={"CONTENT_LENGTH": str(2 * 1024**3)})
    yield Bad("garbled token", start, kind=kind, headers={"HTTP_AUTHORIZATION": "Token garbled"})
    yield Bad("bad key", start, kind=kind, headers={"HTTP_IDEMPOTENCY_KEY": "x" * 256})
    for more in ({"surprise": "1"}, {name: "text"}, {"surprise": upload()}, {name: upload(content=b"Dear colleague")}):
        body = encode_multipart(BOUNDARY, more)
        yield Bad(f"parts {list(more)}", body, kind=MULTIPART_CONTENT)


@pytest.mark.parametrize(("row", "method"), identified(AS_FORM))
def test_forms_that_cannot_be_used_are_refused_and_change_nothing(world: World, row: Row, method: str) -> None:
    with undone():
        assert not all_are_refused(world, row, method, of_forms(row.file))


QUERIES = (
    "surprise=1",
    "surprise",
    "page_size=1&page_size=1",
    "page_size=1000000000",
    "page_size=-1",
    "page_size=",
    "cursor=garbled",
    "cursor=%00",
    "ordering=created_by__password",
    "%ED%A0%80=1",
    "a" * 3000 + "=1",
)


@pytest.mark.parametrize("row", READING, ids=str)
def test_parameters_that_cannot_be_used_are_refused(world: World, row: Row) -> None:
    client, path = world.client(people_for(row, "GET")), address(row, world.ids)
    with undone():
        before = everything()
        answers = {query: client.get(f"{path}?{query}") for query in QUERIES}
        assert everything() == before
    assert not {query[:50]: answer.status_code for query, answer in answers.items() if not refused(answer)}


@pytest.mark.parametrize("row", READING, ids=str)
def test_an_old_token_gets_nothing(world: World, row: Row) -> None:
    answers = [
        Client(headers={"Authorization": text}).get(address(row, world.ids))
        for text in ("Token garbled", "Token ", "Bearer x", "Token " + "a" * 64, "Basic b3duZXI6cGFzcw==")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all(refused(answer) for answer in answers)
