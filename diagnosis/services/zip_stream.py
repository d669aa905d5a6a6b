"""Writing a zip while it is being sent: never the whole of it, nor of one of its files, in memory."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from django.utils import timezone

PACKED = (".json", ".csv", ".txt")  # pictures are compressed in themselves


@dataclass(frozen=True)
class Entry:
    """One file of the zip: its path in there, and its bytes piece by piece."""

    path: str
    chunks: Iterable[bytes]


class _Sink:
    """Takes what the zip writer writes, until it is taken out."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def zip_stream(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The bytes of a zip of these entries. Each entry's chunks are asked for when its turn comes, and only once."""
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w") as archive:
        for entry in entries:
            with archive.open(_described(entry.path), "w") as file:
                for chunk in entry.chunks:
                    file.write(chunk)
                    yield sink.take()
    yield sink.take()


def _described(path: str) -> zipfile.ZipInfo:
    now = timezone.localtime()
    info = zipfile.ZipInfo(path, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    info.compress_type = zipfile.ZIP_DEFLATED if path.endswith(PACKED) else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    return info
