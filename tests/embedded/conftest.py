"""Checkouts that leave nothing behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.terminal import Checkout


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
