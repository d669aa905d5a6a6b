"""Waiting for what a page does."""

from typing import Any

from playwright.sync_api import Page

from tests.waiting import TookTooLong

ASKED_EVERY = 50  # milliseconds
ASKED_AT_MOST = 300  # times


def wait_for_script(page: Page, script: str, argument: Any = None) -> None:
    """Wait until the script gives something true.

    Playwright's own `wait_for_function` asks again by `eval`, which the policy of our pages refuses.
    """
    for _ in range(ASKED_AT_MOST):
        if page.evaluate(script, argument):
            return
        page.wait_for_timeout(ASKED_EVERY)
    raise TookTooLong(f"waited for: {script}")
