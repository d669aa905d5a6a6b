"""What the supervisor knows of a server."""

import signal
from pathlib import Path
from typing import Protocol

# A server sees nothing of the environment we were started in: no other program's passwords, no foreign library.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


class Server(Protocol):
    """One of the two servers: how to start it, how to tell that it serves, how to end it."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def url(self) -> str:
        """Its address for the running application, with the password."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables in which the application expects its addresses, with their passwords."""

    @property
    def folder(self) -> Path:
        """Its working folder, by which its processes are known."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What makes it end cleanly."""

    def prepare(self) -> None:
        """Make what it needs before it starts, and clear away what a crash left."""

    def command(self) -> list[str]:
        """Its program and arguments."""

    def answers(self) -> bool:
        """Whether it serves; raises Problem when it never will."""

    def furnish(self) -> None:
        """Make what the application expects to find in it."""
