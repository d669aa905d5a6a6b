"""The matrix' world is made once and rolled back after every cell."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import TestCase
from pytest_django import DjangoDbBlocker

from tests.access.rows import METHODS, PEOPLE, ROWS
from tests.access.world import World, make_world


class _OneTransaction(TestCase):
    """Django's own way to hold a database open and to undo all that happened in it."""


@pytest.fixture(autouse=True)
def _own_media() -> None:
    """The world has its own, for all the cells."""


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        # A session renewed between two answers would make them differ, whatever was asked.
        patch.setattr(settings, "SESSION_IDLE", timedelta(days=1))
        _OneTransaction.setUpClass()
        try:
            yield make_world()
        finally:
            _OneTransaction.tearDownClass()
            _OneTransaction.doClassCleanups()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    offered = sum(row.offers(method) for row in ROWS for method in METHODS)
    terminalreporter.write_line(
        f"Access matrix: {len(ROWS)} rows, {offered} methods offered x {len(PEOPLE)} people, and those not offered"
    )
