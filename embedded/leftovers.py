"""Processes of ours that an earlier run left behind, told from everybody else's.

A server is ours when it is that program *and* works in our data folder; a process of the application is ours when
its environment names our folder. A process id in a file proves neither, so none is believed.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

MARK = "SECOND_READ_RUN"

Finder = Callable[[], list[int]]


def servers(*, program: str, folder: Path) -> list[int]:
    """Process ids of `program` running in `folder`."""
    return [process for process in _processes() if _works_in(process, program=program, folder=folder)]


def belonging_to(var: Path) -> list[int]:
    """Ids of processes, other than this, that were started by a run whose folder is `var`."""
    entry = os.fsencode(f"{MARK}={var}")
    return [process for process in _processes() if process != os.getpid() and entry in _environment(process)]


def end(find: Finder, *, gently: signal.Signals, patience: float) -> bool:
    """End what `find` finds: `gently` first, by force after `patience` seconds. Whether there was anything."""
    if not find():
        return False
    for how, seconds in ((gently, patience), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 5.0)):
        for process in find():
            with suppress(ProcessLookupError):
                os.kill(process, how)
        if _gone(find, within=seconds):
            break
    return True


def _gone(find: Finder, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not find():
            return True
        time.sleep(0.05)
    return False


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _works_in(process: int, *, program: str, folder: Path) -> bool:
    proc = Path("/proc") / str(process)
    try:
        runs = (proc / "exe").readlink().name.removesuffix(" (deleted)")
        return runs == program and (proc / "cwd").samefile(folder)
    except OSError:  # it ended meanwhile, or is another user's
        return False


def _environment(process: int) -> list[bytes]:
    try:
        return (Path("/proc") / str(process) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
