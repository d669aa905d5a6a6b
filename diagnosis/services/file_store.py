"""The file store: every file is found by the SHA-256 of its bytes, and checked against it whenever it is read."""

import hashlib
import re

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

_DIGEST = re.compile(r"[0-9a-f]{64}")


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


def verify(sha256: str) -> None:
    """Read the file through, and raise DamagedFile as `get` does; it is never in memory as a whole."""
    digest = hashlib.sha256()
    with _opened(sha256) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    _compare(sha256, digest.hexdigest())


def _opened(sha256: str) -> "File[bytes]":
    try:
        return default_storage.open(name_of(sha256))
    except FileNotFoundError:
        raise DamagedFile("The stored file is missing.") from None


def _compare(expected: str, found: str) -> None:
    if found != expected:
        raise DamagedFile("The stored file no longer matches its digest.")
