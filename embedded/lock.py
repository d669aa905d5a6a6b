"""One run at a time in one place."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, *, purpose: str) -> Iterator[str | None]:
    """Hold the lock at `path` and yield None; or, when somebody has it, yield at once who and what for.

    The kernel frees the lock when its holder ends, however it ends, so none is ever left behind.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield os.read(descriptor, 1000).decode()
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, {purpose}".encode(), 0)
        yield None
    finally:
        os.close(descriptor)
