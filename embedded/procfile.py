"""Runs the Procfile's processes with honcho: web, worker and scheduler in one terminal, stopped together.

Three things are added to honcho. A process that was killed, as happens when memory runs out, is started again.
Whoever stops asks only the leading process of each, so that a worker can finish what its children are at. And
nothing outlives us, even when we are killed outright.
"""

import multiprocessing
import os
import shlex
import signal
import sys
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

from honcho.environ import parse_procfile
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Printer
from honcho.process import Popen, Process

from embedded.console import complain
from embedded.launch import die_with, tied
from embedded.place import CHECKOUT

MOST_RESTARTS = 5


class QuietPrinter(Printer):  # type: ignore[misc]  # honcho ships no types
    """Leaves out honcho's own remarks on signals and process ids."""

    def write(self, message: Any) -> None:
        """Print one line of one of the processes."""
        if message.name != SYSTEM_PRINTER_NAME:
            super().write(message)


class TiedPopen(Popen):  # type: ignore[misc]  # honcho ships no types
    """A command of the Procfile that ends with us, and whose children end with it."""

    def __init__(self, command: str, **options: Any) -> None:
        tied_command = tied(["/bin/sh", "-c", command], death_signal=signal.SIGTERM)
        super().__init__(f"exec {shlex.join(tied_command)}", **options)
        # honcho reads the output to its end, which never comes while a killed worker's child still holds the pipe.
        Thread(target=self._end_children_after_it, daemon=True).start()

    def _end_children_after_it(self) -> None:
        self.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class KeptProcess(Process):  # type: ignore[misc]  # honcho ships no types
    """A process of the Procfile, started again when it was killed. Runs in a process beside the manager's."""

    def __init__(self, command: str, *, stopping: Any, manager: int, **options: Any) -> None:
        super().__init__(command, **options)
        self._child_ctor = TiedPopen
        self._stopping = stopping
        self._manager = manager
        self._restarts = 0
        self._over = False

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:  # noqa: FBT001  honcho's own
        """Run the process to its end, reporting to the manager."""
        die_with(self._manager, signal.SIGKILL)
        while not self._over:
            super().run(events, ignore_signals)

    def _send_message(self, data: Any, type: str = "line") -> None:  # noqa: A002  honcho's own
        if type == "stop":
            self._over = bool(self._stopping.value) or not self._may_restart(data["returncode"])
        if type != "stop" or self._over:
            super()._send_message(data, type=type)

    def _may_restart(self, status: int) -> bool:
        killed = status < 0
        if killed and self._restarts < MOST_RESTARTS:
            self._restarts += 1
            complain(f"The {self.name} process was killed by signal {-status} (out of memory?). Starting it again.")
            return True
        how = f"was killed by signal {-status}" if killed else f"ended by itself with status {status}"
        complain(f"The {self.name} process {how}. Its last lines above say why. Mend it and start again.")
        return False


class LeadersOnly:
    """How the manager reaches processes: it asks the leader of each, and kills the whole of each."""

    def terminate(self, process: int) -> None:
        """Ask the leading process to end."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)

    def kill(self, process: int) -> None:
        """End the process and its children at once."""
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)


class KeepingManager(Manager):  # type: ignore[misc]  # honcho ships no types
    """honcho's manager, with processes that are kept running until it stops them."""

    def __init__(self) -> None:
        super().__init__(QuietPrinter(sys.stdout))
        self._stopping = multiprocessing.RawValue("b", 0)
        self._process_ctor = partial(KeptProcess, stopping=self._stopping, manager=os.getpid())
        self._procmgr = LeadersOnly()

    def terminate(self) -> None:
        """Stop all processes; from now on none is started again."""
        if not self._stopping.value:
            os.write(sys.stdout.fileno(), b"Stopping.\n")  # a signal may have come in the middle of a print
        self._stopping.value = 1
        super().terminate()


def main() -> int:
    """Run what the Procfile names until it is told to stop, or until one of them ends: that is never in order."""
    manager = KeepingManager()
    for name, command in parse_procfile((CHECKOUT / "Procfile").read_text(encoding="utf-8")).processes.items():
        manager.add_process(name, command)
    manager.loop()
    return manager.returncode or 1


if __name__ == "__main__":
    sys.exit(main())
