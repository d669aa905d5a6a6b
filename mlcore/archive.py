"""The zip around a model bundle: two plain members and nothing else, unpacked within limits, in memory only."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

_MAX_DIRECTORY_BYTES = 2**12
_END = struct.Struct("<4s4H2LH")  # the record that ends a zip without a comment
_LARGE_END = struct.Struct("<4sLQL")  # stands before it when the directory is elsewhere
_DAMAGED = "the model bundle is truncated or damaged"
_NOT_ALLOWED = "the model bundle is packed in a way that is not allowed"


class InvalidArchive(ValueError):
    """The zip is not what a bundle is; the message is one sentence that says why."""


def unpack(data: bytes, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The members of a zip by name, which are exactly those of `limits`, each at most so many bytes."""
    nothing_else = f"a model bundle holds {' and '.join(limits)} and nothing else"
    directory = _directory_bytes(data, members=len(limits), otherwise=nothing_else)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            packed = sum(member.compress_size for member in members)
            hidden = len(data) - packed - directory > _MAX_DIRECTORY_BYTES
            if hidden or sorted(member.filename for member in members) != sorted(limits):
                raise InvalidArchive(nothing_else)  # noqa: TRY301
            for member in members:
                _check(member, limits[member.filename])
            return {member.filename: _unpacked(archive, member) for member in members}
    except InvalidArchive:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        OverflowError,
    ) as error:
        raise InvalidArchive(_DAMAGED) from error


def _directory_bytes(data: bytes, *, members: int, otherwise: str) -> int:
    """The length of the zip's directory: looked at before a reader makes an object for each of a million entries."""
    if len(data) < _END.size + _LARGE_END.size:
        raise InvalidArchive(_DAMAGED)
    signature, _, _, _, entries, length, _, _ = _END.unpack(data[-_END.size :])
    if signature != b"PK\x05\x06":
        raise InvalidArchive(_DAMAGED)
    if data[-_END.size - _LARGE_END.size :].startswith(b"PK\x06\x07"):
        raise InvalidArchive(_NOT_ALLOWED)
    if entries != members or length > _MAX_DIRECTORY_BYTES:
        raise InvalidArchive(otherwise)
    return int(length)


def _check(member: zipfile.ZipInfo, limit: int) -> None:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise InvalidArchive(_NOT_ALLOWED)
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        raise InvalidArchive(f"{member.filename} is not a plain file")
    if member.file_size > limit:
        raise InvalidArchive(f"{member.filename} is larger than {limit // 2**20} MB when unpacked")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        # With a limit: without one, all that a lying member unpacks to comes into memory before it is counted.
        return file.read(member.file_size + 1)
