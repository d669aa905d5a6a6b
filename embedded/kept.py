"""A server together with its process."""

import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from embedded import signals
from embedded.console import complain
from embedded.launch import tied
from embedded.problem import Problem, Stopped
from embedded.server import ENVIRONMENT, Server

LONGEST_START = 300.0  # seconds; PostgreSQL may have much to recover after a crash
LOG_LIMIT = 5_000_000  # bytes
MOST_RESTARTS = 5
RESTART_WINDOW = 300.0  # seconds


@dataclass
class Kept:
    """Starts a server, starts it again when it dies, and ends it."""

    server: Server
    account: str | None
    log: Path
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start the server and wait until it serves. It has a session of its own, where no Ctrl-C reaches it."""
        self.server.prepare()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own command line
                tied(self.server.command(), death_signal=self.server.stop_signal, account=self.account),
                cwd=self.server.folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        self._wait_until_it_answers(self.process)
        self.server.furnish()

    def revive(self) -> None:
        """Start the server again if it has died, as it may when memory runs out. Not for ever."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        self.restarts = [before for before in self.restarts if now - before < RESTART_WINDOW]
        if len(self.restarts) >= MOST_RESTARTS:
            raise Problem(f"{self.server.name} keeps dying. {self._last_words()}")
        self.restarts.append(now)
        complain(f"{self.server.name} ended unexpectedly ({self.process.returncode}). Starting it again.")
        self.start()

    def stop(self) -> None:
        """End the server cleanly, or by force when it does not end."""
        if self.process is None:
            return
        for how, patience in ((self.server.stop_signal, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            self.process.send_signal(how)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            return

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + LONGEST_START
        while not self.server.answers():
            if process.poll() is not None:
                raise Problem(f"{self.server.name} did not start. {self._last_words()}")
            if time.monotonic() > deadline:
                raise Problem(f"{self.server.name} does not answer. {self._last_words()}")
            if signals.wait(0.05):
                raise Stopped

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"The end of {self.log}: {lines[-1] if lines else 'it is empty'}"
