"""Checkouts that leave nothing behind."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.terminal import Checkout


@pytest.fixture(scope="session", autouse=True)
def _signals_mean_what_they_say() -> Iterator[None]:
    """A suite started with nohup must not hand its deafness to SIGHUP on to what it tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A fresh one."""
    made = Checkout(tmp_path / "checkout")
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def used_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """One that the tests share, so that not each has to make a database."""
    made = Checkout(tmp_path_factory.mktemp("used") / "checkout")
    try:
        yield made
    finally:
        made.remove()
