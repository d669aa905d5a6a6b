"""The file store: every file is found by the SHA-256 of its bytes, and checked against it whenever it is read."""

import hashlib
import re

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

_DIGEST = re.compile(r"[0-9a-f]{64}")


class DamagedFile(Exception):
    """A stored file is missing, or its bytes are no longer those that were stored."""


def _name(sha256: str) -> str:
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
    default_storage.save(_name(sha256), file)
    return sha256


def get(sha256: str) -> bytes:
    """The bytes with this digest. Raises DamagedFile when they are missing or differ by a single bit."""
    try:
        with default_storage.open(_name(sha256)) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise DamagedFile("The stored file is missing.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFile("The stored file no longer matches its digest.")
    return content
