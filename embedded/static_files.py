"""Whether the static files must be collected again: they depend on nothing but the code and the locked packages.

Collecting takes seconds, as every file is compressed and named by its digest, and a start should be quick.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from embedded.place import CHECKOUT

NOT_CODE = {"var", "__pycache__"}


def are_current(folder: Path) -> bool:
    """Whether `folder` was collected from the code as it is now."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint()


def remember(folder: Path) -> None:
    """Note in `folder` what it was collected from."""
    _stamp(folder).write_text(_fingerprint(), encoding="ascii")


def _stamp(folder: Path) -> Path:
    return folder / ".collected-from"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in _code():
        status = path.stat()
        digest.update(f"{path.relative_to(CHECKOUT)} {status.st_size} {status.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()


def _code() -> Iterator[Path]:
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_CODE)
        yield from (Path(folder) / name for name in sorted(files))
