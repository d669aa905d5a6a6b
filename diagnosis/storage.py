"""File storage on a disk of ours."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.deconstruct import deconstructible

from mlcore.files import replace_file


def _linked(content: "File[bytes]", aside: Path) -> bool:
    """Give an upload, which is a file already, a second name instead of writing it a second time.

    That is so where uploads under way (TMPDIR) are kept on the same disk; its first name goes with the request.
    """
    if not isinstance(content, TemporaryUploadedFile):
        return False
    content.flush()
    aside.unlink()
    try:
        os.link(content.temporary_file_path(), aside)
    except OSError:  # another disk, or one that knows no second names
        return False
    return True


def _copied(content: "File[bytes]", aside: Path) -> None:
    with aside.open("wb") as file:
        for chunk in content.chunks():
            file.write(chunk)


@deconstructible
class AtomicFileSystemStorage(FileSystemStorage):
    """Writes a file aside and renames it into place: what a name leads to is always whole, also after a crash."""

    def __init__(self) -> None:
        super().__init__(allow_overwrite=True)

    def _save(self, name: str, content: "File[bytes]") -> str:
        with replace_file(Path(self.path(name)), mode=0o600) as aside:
            if not _linked(content, aside):
                _copied(content, aside)
        return name

    def entries(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """The name of every file below `folder`, and when it was written; nothing where there is no such folder."""
        try:
            with os.scandir(self.path(folder)) as found:
                here = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        for entry in here:
            if entry.is_dir(follow_symlinks=False):
                yield from self.entries(f"{folder}/{entry.name}")
            else:
                yield f"{folder}/{entry.name}", datetime.fromtimestamp(entry.stat().st_mtime, UTC)
