"""The file store: every file is found by the SHA-256 of its bytes, and checked against it whenever it is read."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone

_DIGEST = re.compile(r"[0-9a-f]{64}")


FOLDERS = [f"{number:02x}" for number in range(256)]  # the first two digits of a digest


class Listed(Protocol):
    """What our kinds of storage can do beside Django's."""

    def entries(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """The name of every file below `folder`, and when it was written."""


class DamagedFile(Exception):
    """A stored file is missing, or its bytes are no longer those that were stored."""


def name_of(sha256: str) -> str:
    """Where in the store the file with this digest is. ValueError for anything that is no digest."""
    if not _DIGEST.fullmatch(sha256):
        raise ValueError("not a SHA-256 digest")
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def put(content: "File[bytes] | bytes") -> str:
    """Store the bytes and return their SHA-256. Storing the same bytes again repairs a damaged copy."""
    file = ContentFile(content) if isinstance(content, bytes) else content
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    sha256 = digest.hexdigest()
    default_storage.save(name_of(sha256), file)
    return sha256


def get(sha256: str) -> bytes:
    """The bytes with this digest. Raises DamagedFile when they are missing or differ by a single bit."""
    with _opened(sha256) as file:
        content: bytes = file.read()
    _compare(sha256, hashlib.sha256(content).hexdigest())
    return content


def verify(sha256: str) -> int:
    """Read the file through, and raise DamagedFile as `get` does; it is never in memory as a whole.

    Returns how many bytes it has.
    """
    digest, size = hashlib.sha256(), 0
    with _opened(sha256) as file:
        for chunk in file.chunks():
            digest.update(chunk)
            size += len(chunk)
    _compare(sha256, digest.hexdigest())
    return size


def chunks(sha256: str) -> Iterator[bytes]:
    """The file piece by piece, unchecked: `verify` it before."""
    with _opened(sha256) as file:
        yield from file.chunks()


def _opened(sha256: str) -> "File[bytes]":
    try:
        return default_storage.open(name_of(sha256))
    except FileNotFoundError:
        raise DamagedFile("The stored file is missing.") from None


def _compare(expected: str, found: str) -> None:
    if found != expected:
        raise DamagedFile("The stored file no longer matches its digest.")


def exists(sha256: str) -> bool:
    """Whether there is a file of that name; whether it is whole is seen when it is read."""
    return default_storage.exists(name_of(sha256))


def remove(sha256: str) -> None:
    """Remove the file; one that is gone already is as good. Only `file_removal` knows whether that is right."""
    default_storage.delete(name_of(sha256))


def stored_before(age: timedelta) -> Iterator[str]:
    """The digests of files older than `age`. Half-written files of that age, which no name leads to, go on the way."""
    limit = timezone.now() - age
    for path, modified in _entries(FOLDERS):
        name = path.rpartition("/")[2]
        if modified >= limit:
            continue
        if _DIGEST.fullmatch(name):
            yield name
        else:
            default_storage.delete(path)


def stored_between(low: str, high: str) -> Iterator[tuple[str, datetime]]:
    """The files whose digests begin with at least `low` and less than `high`, and when each was stored."""
    for path, modified in _entries([folder for folder in FOLDERS if low <= folder < high]):
        name = path.rpartition("/")[2]
        if _DIGEST.fullmatch(name):
            yield name, modified


def _entries(folders: Iterable[str]) -> Iterator[tuple[str, datetime]]:
    storage = cast("Listed", default_storage)
    for folder in folders:
        yield from storage.entries(f"sha256/{folder}")
