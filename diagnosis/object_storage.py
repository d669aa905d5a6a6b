"""File storage in a bucket of an object store that speaks S3, ours or a provider's.

An object is put in one step: it is there whole or not at all. What it holds is compared with its digest by whoever
reads it (`diagnosis.services.file_store`), as on a disk.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

IN_MEMORY = 5 * 1024 * 1024  # of a file that is read; what is larger goes through a file in TMPDIR


class ObjectStorage(S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """A private bucket. Storing again under a name replaces what was there, as on the disk."""

    def get_default_settings(self) -> dict[str, Any]:
        """Nothing is public, and nothing is read from settings that stand elsewhere."""
        ours: dict[str, Any] = super().get_default_settings()
        return ours | {
            "file_overwrite": True,
            "default_acl": None,
            "querystring_auth": True,
            "addressing_style": "path",
            "max_memory_size": IN_MEMORY,
        }

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _as_a_disk_would_fail():
            saved: str = super()._save(name, _Kept(content))
        return saved

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_a_disk_would_fail():
            opened = super()._open(name, mode)
            opened.file  # noqa: B018  fetches it, here and not when it is read
        return opened

    def entries(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """The name of every object below `folder`, and when it was written, a thousand a request."""
        for found in self.bucket.objects.filter(Prefix=f"{folder}/"):
            yield found.key, found.last_modified


@contextmanager
def _as_a_disk_would_fail() -> Iterator[None]:
    """A store that does not answer, or refuses us, is trouble like a failing disk (clinic/disks.py)."""
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise OSError(errno.EIO, "the object store failed") from error


class _Kept(File):  # type: ignore[type-arg]  # generic for the type checker alone
    """A file that stays open: the client closes what it has sent, and an upload may have to be sent once more."""

    def close(self) -> None:
        """Left to whoever opened it."""
