"""Signals, taken when we are ready for them and never in the middle of something.

They stay blocked for the whole life of the supervisor and are fetched with `wait`. Programs that we start get them
unblocked by `launch`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def block() -> None:
    """Hold back the signals that ask us to stop, and the news of children that ended."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup asked for this
        STOP.discard(signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP | {signal.SIGCHLD})


def wait(seconds: float) -> int | None:
    """Wait until a signal comes or a child ends; the signal's number if it asks us to stop, else None."""
    received = signal.sigtimedwait(STOP | {signal.SIGCHLD}, seconds)
    return received.si_signo if received is not None and received.si_signo in STOP else None


@contextmanager
def let_through() -> Iterator[None]:
    """While a person is asked something, Ctrl-C is an answer: KeyboardInterrupt."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
