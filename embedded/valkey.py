"""Valkey, the broker: nothing is kept on disk, since the database's rows are the truth and a message only a wake-up."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from embedded import leftovers, wheels
from embedded.place import Place

MEMORY = "256mb"


@dataclass(frozen=True)
class Valkey:
    """The broker of one place."""

    place: Place
    name: str = "Valkey"
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def folder(self) -> Path:
        """Its working folder; it writes nothing there but its socket."""
        return self.place.sockets

    @property
    def socket(self) -> Path:
        """Where it listens, and nowhere else."""
        return self.place.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """Its address for Celery."""
        return f"redis+socket://{self.socket}"

    @property
    def variables(self) -> dict[str, str]:
        """Its address, as the application reads it."""
        return {"BROKER_URL": self.url}

    def prepare(self) -> None:
        """End a server that a crash left behind."""
        leftovers.end(self._leftovers, gently=self.stop_signal, patience=5.0)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """Its program and arguments. A full broker refuses messages, rather than lose some silently."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "maxmemory": MEMORY,
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        program = wheels.programs(self.place) / wheels.VALKEY / "valkey-server"
        return [str(program), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        """Whether it answers a ping."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2.0)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    def furnish(self) -> None:
        """It needs nothing."""

    def _leftovers(self) -> list[int]:
        return leftovers.servers(program="valkey-server", folder=self.folder)
