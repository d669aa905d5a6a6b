"""How it stops: quickly, completely, and with nothing to read but that it did."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.embedded.terminal import Checkout

# Gives the program after it a terminal of its own, as a person has one.
IN_A_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


def test_ctrl_c_stops_everything_within_seconds(used_checkout: Checkout) -> None:
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, "-m", "embedded", "run"],
        cwd=used_checkout.folder,
        env=used_checkout.environment(),
        stdin=screen,
        stdout=screen,
        stderr=screen,
    )
    os.close(screen)
    shown = _read_until(keyboard, b"Ctrl-C stops it.")
    began = time.monotonic()
    os.write(keyboard, b"\x03")
    shown += _read_until(keyboard, b"has stopped.")
    assert process.wait(10) == 0
    assert time.monotonic() - began < 10
    os.close(keyboard)
    assert not used_checkout.processes()
    assert b"Traceback" not in shown
    assert b"the worker finished what it was at" in shown


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_everything_too(used_checkout: Checkout, how: signal.Signals) -> None:
    terminal = used_checkout.run()
    assert terminal.stop(how) == 0
    assert not used_checkout.processes()
    assert terminal.output.rstrip().endswith(f"Its data stay in {used_checkout.var}.")


def test_it_can_be_stopped_while_it_starts(used_checkout: Checkout) -> None:
    terminal = used_checkout.start("run")
    terminal.wait_until_it_says("Valkey: up")
    assert terminal.stop() == 0
    assert not used_checkout.processes()


def test_it_survives_the_end_of_the_terminal_when_started_with_nohup(used_checkout: Checkout) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = used_checkout.run()
    finally:
        signal.signal(signal.SIGHUP, before)
    terminal.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert terminal.process.poll() is None
    terminal.stop()


def test_a_process_that_ends_by_itself_is_named_and_stops_the_rest(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    os.kill(used_checkout.worker(), signal.SIGTERM)
    assert terminal.ends() == 1
    assert "The worker process ended by itself with status 0." in terminal.output
    assert not used_checkout.processes()


def _read_until(keyboard: int, text: bytes) -> bytes:
    shown = b""
    while text not in shown:
        shown += os.read(keyboard, 10_000)
    return shown
