"""Every page is for everybody: axe-core finds nothing, in light and dark, narrow and wide; nothing scrolls sideways.

The pages are those of the access matrix, so that a new one is covered by itself.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response

from clinic.models import Patient
from embedded.installation import VENV
from tests.access.asking import address
from tests.access.rows import ROWS, Row
from tests.access.world import World, make_world
from tests.browser.conftest import sign_in

AXE = (VENV / "front-end/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme changes
READERS = ("owner", "administrator", "auditor", "anonymous")
# Django's own pages for administrators, and the documentation that its library draws.
NOT_OURS = ("admin:", "api:")
RUN = """async (runOnly) => {
  const found = await axe.run(document, { runOnly, resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def world(site: str) -> World:
    """Everything that can hang on a patient, whose name is as long as names can be."""
    world = make_world()
    Patient.objects.filter(pk=world.ids["patient"]).update(
        family_name="Wolfeschlegelsteinhausenbergerdorff" * 2, given_name="Hubert Blaine " * 7
    )
    return world


@pytest.fixture
def open_as(browser: Browser, site: str, world: World, problems: list[str]) -> Iterator[Callable[[str], Page]]:
    """`open_as("owner")`: that person's browser, signed in just now, so that nothing is asked for once more."""
    contexts: dict[str, BrowserContext] = {}

    def page_of(person: str) -> Page:
        if person not in contexts:
            contexts[person] = browser.new_context(base_url=site)
            page = contexts[person].new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: problems.append(str(error)))
            if person != "anonymous":
                sign_in(page, world.people[person])
        return contexts[person].pages[0]

    yield page_of
    for context in contexts.values():
        context.close()


def test_every_page_is_accessible_in_both_themes_and_all_widths(
    world: World, open_as: Callable[[str], Page], problems: list[str]
) -> None:
    wrong: dict[str, list[str]] = {}
    seen = []
    for row in ROWS:
        person = reader_of(row)
        if person is None:
            continue
        page = open_as(person)
        if not is_page(visit(page, address(row, world.ids))):
            continue
        seen.append(str(row))
        if found := faults_of(page):
            wrong[f"{row} as {person}"] = found
    assert wrong == {}
    assert problems == []
    assert len(seen) > 35, seen


def reader_of(row: Row) -> str | None:
    """Somebody who gets to see the page; whom the matrix expects to be asked for the password was asked just now."""
    if not row.get or row.name.startswith(NOT_OURS) or row.is_api:
        return None
    sees = [person for person in READERS if "200" in row.expected("GET", person)]
    return sees[0] if sees else "owner" if row.expected("GET", "owner") == "302" else None


def visit(page: Page, path: str) -> Response | None:
    """Open the page; None for what a browser saves instead of showing it."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    try:
        return page.goto(path, wait_until="load")
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None


def is_page(response: Response | None) -> bool:
    """A whole page that was found: no picture, and no part of a page."""
    if response is None or response.status != 200:
        return False
    return "text/html" in response.headers.get("content-type", "") and response.text().startswith("<!doctype html>")


def faults_of(page: Page) -> list[str]:
    """All that is wrong with the page, each fault with where it showed."""
    page.evaluate(AXE)
    found = [f"light, wide: {fault}" for fault in page.evaluate(RUN, ALL)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark, wide: {fault}" for fault in page.evaluate(RUN, OF_COLOUR)]
    page.set_viewport_size({"width": 2560, "height": 1440})
    found += ["scrolls sideways at 2560"] if page.evaluate(OVERFLOWS) else []
    page.set_viewport_size({"width": 390, "height": 844})
    found += ["scrolls sideways at 390"] if page.evaluate(OVERFLOWS) else []
    found += [f"dark, narrow: {fault}" for fault in page.evaluate(RUN, ALL)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found + [f"light, narrow: {fault}" for fault in page.evaluate(RUN, OF_COLOUR)]
