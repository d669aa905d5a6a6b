"""Keeps the servers alive for as long as commands need them, and ends them after that."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from embedded import signals
from embedded.kept import Kept
from embedded.launch import tied
from embedded.server import Server

GRACE = 15.0  # seconds between asking a command to end and ending it


class Supervisor:
    """Use it as a context: inside, the servers run."""

    def __init__(self, servers: Sequence[Server], *, account: str | None, logs: Path) -> None:
        self.asked_to_stop = False
        self._kept = [Kept(server, account, logs / f"{server.name.lower()}.log") for server in servers]

    def __enter__(self) -> Self:
        try:
            for kept in self._kept:
                kept.start()
        except BaseException:
            self._stop_servers()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop_servers()

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        foreground: bool,
        output: IO[bytes] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> int:
        """Run `command` to its end; returns its exit status, as a shell would give it.

        Revives servers that die, and calls `meanwhile` several times a second. A command in the foreground shares the
        terminal: it gets Ctrl-C itself and decides what that means. Every other wish to stop is passed on as SIGTERM,
        and remembered in `asked_to_stop`.
        """
        process = subprocess.Popen(  # noqa: S603  our own command line
            tied(list(command), death_signal=signal.SIGTERM),
            env=dict(environment),
            stdin=None if foreground else subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=not foreground,
        )
        try:
            while process.poll() is None:
                received = signals.wait(0.2)
                if received and not (foreground and received == signal.SIGINT):
                    self.asked_to_stop = True
                    break
                for kept in self._kept:
                    kept.revive()
                meanwhile()
        finally:
            _end(process)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _stop_servers(self) -> None:
        for kept in reversed(self._kept):
            kept.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask `process` to end, and after a while make it."""
    process.terminate()
    deadline = time.monotonic() + GRACE
    while process.poll() is None:
        signals.wait(0.2)  # further wishes to stop change nothing: it is stopping
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                process.kill()
