"""Waiting for what other processes do."""

import socket
import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE = 90.0  # seconds: the first worker on a machine exports its models


class TookTooLong(AssertionError):
    """What a test waited for did not happen."""


def wait_until(condition: Callable[[], bool], *, what: str, seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TookTooLong(f"waited {seconds:.0f} s for: {what}")
        time.sleep(0.1)


def answers(address: str) -> bool:
    """Whether a web server of ours answers there."""
    try:
        with urlopen(f"{address}/health/live", timeout=2) as answer:  # noqa: S310  our own loopback address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def free_port() -> int:
    """A port of this machine that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
