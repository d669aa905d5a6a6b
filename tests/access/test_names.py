"""Whatever a patient is called, the pages stay whole, and name and number can be told apart."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from clinic.catalogues import ROOT, templates
from clinic.models import Patient, User
from tests.access.asking import address, undone
from tests.access.rows import ROWS, Row
from tests.access.world import World

pytestmark = pytest.mark.django_db

NAMES = {
    "markup": ("<script>alert('name')</script>", '"><img src=x onerror=alert(1)>'),
    "long": ("Wolfeschlegelsteinhausenbergerdorff" * 3, "Adolph Blaine Charles David Earl Frederick Gerald " * 2),
    "right to left": ("\u0627\u0644\u062e\u0648\u0627\u0631\u0632\u0645\u064a", "\u05de\u05d5\u05e9\u05d4"),
    "template": ("{{ settings.SECRET_KEY }}", "{% load x %} %(name)s %s"),
}
ABOUT_A_PATIENT = {"patient", "case", "image", "merging"}
PAGES = [row for row in ROWS if row.of in ABOUT_A_PATIENT and row.get and not row.is_api and "file" not in row.name]
# A name (or what stands for one) outside <bdi>: its direction could turn what stands beside it around.
PEOPLE = "full_name|created_by|decided_by|made_by|placed_by|reader|requested_by|signed_by"
BARE_NAME = re.compile(rf"(?<!<bdi>)\{{\{{ ?(?:[a-z_]+\.)*(?:patient|record_number|{PEOPLE}) ?\}}\}}")


@pytest.fixture(params=list(NAMES.values()), ids=list(NAMES))
def named(world: World, request: pytest.FixtureRequest) -> Iterator[Patient]:
    """The patient of the small clinic, under another name."""
    with undone():
        patient = Patient.objects.get(pk=world.ids["patient"])
        patient.family_name, patient.given_name = (name[:100].strip() for name in request.param)
        patient.save(update_fields=["family_name", "given_name"])
        yield patient


def test_every_page_of_a_patient_names_both_identifiers_apart(world: World, named: Patient) -> None:
    """And never what a name could do as markup."""
    client, seen = world.client("owner"), 0
    for row in PAGES:
        page = page_of(client, world, row)
        if not page.startswith("<!doctype html>") or 'class="identity"' not in page:
            continue
        seen += 1
        assert "<script>alert" not in page, row
        assert "<img src=x" not in page, row
        assert f"<bdi>{named}</bdi>" in unescape(page), row
        assert f"<bdi>{named.record_number}</bdi>" in unescape(page), row
    assert seen > 8


def page_of(client: Client, world: World, row: Row) -> str:
    answer = client.get(address(row, world.ids))
    if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
        return ""
    return answer.content.decode()


def test_every_page_of_a_patient_has_the_banner(world: World) -> None:
    """The pages that extend another one than the patient's would miss it."""
    client = world.client("owner")
    pages = {str(row): page_of(client, world, row) for row in PAGES}
    without = [
        name for name, page in pages.items() if page.startswith("<!doctype html>") and 'class="identity"' not in page
    ]
    assert without == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_stands_in_its_own_direction(path: Path) -> None:
    assert BARE_NAME.findall(path.read_text(encoding="utf-8")) == []


def test_titles_name_nobody(world: World, owner: User) -> None:
    """They stay in the browser's history, and stand on tabs for everybody who passes by."""
    client, patient = world.client("owner"), Patient.objects.get(pk=world.ids["patient"])
    for row in PAGES:
        page = page_of(client, world, row)
        title = page[page.find("<title>") : page.find("</title>")]
        assert patient.family_name not in title, row
        assert patient.record_number not in title, row
