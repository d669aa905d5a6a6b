"""An upload goes to the disk as it arrives: no process ever holds a whole file."""

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from diagnosis.models import Case, ModelVersion
from tests.factories import drawn_png

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MEGABYTE = 1024 * 1024
SIZE = 40 * MEGABYTE
BOUNDARY = "streamed"


class Arriving(io.RawIOBase):
    """The body of a request with one file, which comes into being as it is read."""

    def __init__(self, start: bytes) -> None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="large.png"\r\n\r\n'
        self._begin, self._end = head.encode() + start, f"\r\n--{BOUNDARY}--\r\n".encode()
        self.length = len(self._begin) + SIZE + len(self._end)
        self._place = 0

    def readable(self) -> bool:
        return True

    def readall(self) -> bytes:
        raise AssertionError("the whole body is read at once")

    def readinto(self, target: "WriteableBuffer") -> int:
        room = memoryview(target)
        piece = self._piece(len(room))
        room[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _piece(self, count: int) -> bytes:
        begun, ending = len(self._begin), self.length - len(self._end)
        if self._place < begun:
            return self._begin[self._place : self._place + count]
        if self._place < ending:
            return bytes(min(count, ending - self._place))
        return self._end[self._place - ending :][:count]


@pytest.fixture
def most_memory() -> Callable[[Callable[[], None]], int]:
    """The most memory, in bytes, that something needs beside what is held already."""

    def measure(do: Callable[[], None]) -> int:
        tracemalloc.start()
        try:
            do()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


def test_a_large_upload_needs_little_memory(
    case: Case, model: ModelVersion, api: Callable[[str], APIClient], most_memory: Callable[[Callable[[], None]], int]
) -> None:
    client, body = api("owner"), Arriving(drawn_png())
    client.get("/api/v1/cases/")  # what the first request loads stays

    def upload() -> None:
        answer = client.request(
            REQUEST_METHOD="POST",
            PATH_INFO=f"/api/v1/cases/{case.pk}/images/",
            CONTENT_TYPE=f"multipart/form-data; boundary={BOUNDARY}",
            CONTENT_LENGTH=str(body.length),
            **{"wsgi.input": body},
        )
        assert answer.status_code == 202, answer.content

    assert most_memory(upload) < 4 * MEGABYTE
    (stored,) = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert stored.stat().st_size > SIZE
