"""A real browser on the real pages, under the content security policy they are served with."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from clinic.models import User
from tests.factories import PASSWORD

# Playwright's synchronous interface runs an event loop, which Django takes for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of the site."""
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture
def problems() -> list[str]:
    """What the browser complained about: refused scripts and styles, errors in scripts. Must stay empty."""
    return []


@pytest.fixture
def anonymous_page(browser: Browser, site: str, problems: list[str]) -> Iterator[Page]:
    """A page of somebody who has not signed in."""

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            problems.append(message.text)

    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", listen)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def page(anonymous_page: Page, owner: User) -> Page:
    """The owner's page, signed in."""
    sign_in(anonymous_page, owner)
    return anonymous_page


def sign_in(page: Page, user: User) -> None:
    """Sign in as people do."""
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
