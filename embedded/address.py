"""The address of the web process."""

import socket
import urllib.error
import urllib.request

from embedded.problem import Problem

HOST = "127.0.0.1"


def free(port: str) -> str:
    """The address with `port`; raises Problem when the web process could not listen there."""
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise Problem(f"PORT must be a number from 1 to 65535, not {port!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(port)))
        except PermissionError:
            raise Problem(f"Port {port} is for root only. Choose one above 1023: PORT=8001 make run") from None
        except OSError:
            raise Problem(
                f"Port {port} is in use by another program. Stop that program, or choose another port: "
                "PORT=8001 make run"
            ) from None
    return f"http://{HOST}:{port}/"


def answers(address: str) -> bool:
    """Whether the web process says that it lives."""
    try:
        with urllib.request.urlopen(f"{address}health/live", timeout=2) as response:  # noqa: S310  our own address
            return bool(response.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
