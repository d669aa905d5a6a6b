"""Where a test set comes from: a folder a class, on disk or in a zip, perhaps with a table of groups beside it."""

import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

GROUPS = "groups.csv"
MOST_IMAGES = 20_000
MOST_GROUP_BYTES = 10 * 1024 * 1024
LEFT_BEHIND = ("__MACOSX", ".")  # what computers put beside files; nobody meant to send it
_END = struct.Struct("<4s4H2LH")  # the record that ends a zip without a comment


class InvalidTestSet(ValueError):
    """The images cannot be a test set; the message is one sentence that says why."""


@dataclass(frozen=True)
class SourceImage:
    """One image: its path below the source, and how to read it."""

    path: PurePosixPath
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Source:
    """The images of a source, and its table of groups as a file, if it has one."""

    images: list[SourceImage]
    groups: Path | None


def folder(root: Path) -> Source:
    """The images below a folder."""
    if not root.is_dir():
        raise InvalidTestSet(_("There is no such folder."))
    files = sorted(path for path in root.rglob("*") if path.is_file())
    images = [SourceImage(PurePosixPath(path.relative_to(root)), path.read_bytes) for path in files]
    groups = root / GROUPS
    return Source(_meant(images), groups if groups.is_file() else None)


@contextmanager
def zipped(file: IO[bytes]) -> Iterator[Source]:
    """The images of a zip. Nothing is unpacked to disk but the table of groups; each image is read within limits."""
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory() as aside:
            members = [member for member in archive.infolist() if not member.is_dir()]
            tables = [member for member in members if PurePosixPath(member.filename).name == GROUPS]
            images = [
                SourceImage(PurePosixPath(member.filename), _reader(archive, member, settings.UPLOAD_MAX_FILE_BYTES))
                for member in members
                if member not in tables
            ]
            groups = Path(aside, GROUPS) if tables else None
            if groups:
                groups.write_bytes(_reader(archive, tables[0], MOST_GROUP_BYTES)())
            yield Source(_meant(images), groups)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidTestSet(_("The zip is damaged, locked, or packed in a way that cannot be read.")) from error


def _check_directory(file: IO[bytes]) -> None:
    """Looked at before a reader makes an object for each of a million entries."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size))
    end = file.read(_END.size)
    file.seek(0)
    if len(end) < _END.size or end[:4] != b"PK\x05\x06":
        raise InvalidTestSet(_("This is not a whole zip file. Pack the folders again, without a comment."))
    if _END.unpack(end)[4] > MOST_IMAGES + 1000:  # folders and what computers put beside files
        raise InvalidTestSet(too_many())


def too_many() -> str:
    """The sentence for more images than a test set may have."""
    return _("A test set has at most %(limit)s images.") % {"limit": MOST_IMAGES}


def _meant(images: list[SourceImage]) -> list[SourceImage]:
    return [
        image
        for image in images
        if not any(part.startswith(LEFT_BEHIND) for part in image.path.parts) and image.path.name != GROUPS
    ]


def _reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> Callable[[], bytes]:
    def read() -> bytes:
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise InvalidTestSet(_("%(name)s is not a plain file.") % {"name": member.filename})
        with archive.open(member) as inside:
            content = inside.read(limit + 1)
        if len(content) > limit:
            sentence = _("%(name)s is larger than %(limit)s MB.")
            raise InvalidTestSet(sentence % {"name": member.filename, "limit": limit // 1024**2})
        return content

    return read
