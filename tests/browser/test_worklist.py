"""The worklist with the keyboard alone, and what it tells by itself."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.models import Patient, User
from diagnosis.models import Analysis, Case, ModelVersion
from tests.browser.watching import wait_for_script
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    add_to_care_team,
)

NO_FILES = dict.fromkeys(["mask_sha256", "outline_sha256", "map_sha256"], "0" * 64)


@pytest.fixture
def cases(patient: Patient, owner: User, model: ModelVersion) -> list[Case]:
    """Three cases to read, the oldest first, the last of another patient."""
    other = PatientFactory.create(family_name="Zimmermann", created_by=owner)
    add_to_care_team(other, owner)
    made = []
    for place, person in enumerate([patient, patient, other]):
        case = CaseFactory.create(patient=person, specimen_date=date(2026, 5, 1) + timedelta(days=place))
        PredictionFactory.create(
            analysis__image=ImageFactory.create(case=case), analysis__model_version=model, **NO_FILES
        )
        made.append(case)
    return made


def test_the_worklist_is_worked_through_with_the_keyboard_alone(page: Page, cases: list[Case]) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/worklist/$"))
    rows = page.locator(".row-link")
    expect(rows).to_have_count(3)
    for key, place in [("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1), ("j", 2), ("j", 2)]:
        page.keyboard.press(key)
        expect(rows.nth(place)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/cases/{cases[2].pk}/$"))


def test_the_keys_are_listed_and_can_be_switched_off(page: Page, cases: list[Case]) -> None:
    page.goto("/worklist/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_text("Next case")).to_be_visible()
    dialog.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".row-link").first).not_to_be_focused()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator(".row-link").first).not_to_be_focused()


def test_search_by_key_and_letters_typed_into_it_move_nothing(page: Page, cases: list[Case]) -> None:
    page.goto("/worklist/")
    page.keyboard.press("/")
    search = page.get_by_label("Patient's name or record number")
    expect(search).to_be_focused()
    page.keyboard.type("zimm")
    expect(page.locator(".row-link")).to_have_count(1)
    expect(search).to_be_focused()
    expect(search).to_have_value("zimm")
    assert page.url.endswith("/worklist/")
    page.keyboard.type("jk")
    expect(page.get_by_role("heading", name="No case of yours matches")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Mine")).click()
    expect(page.get_by_role("button", name=re.compile("^Mine"))).to_have_attribute("aria-current", "page")
    expect(search).to_have_value("zimmjk")


def test_a_finished_batch_is_announced_without_reloading(page: Page, case: Case, model: ModelVersion) -> None:
    analysis = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
    page.goto("/worklist/?tab=mine")
    expect(page.get_by_text("0 of 1 analysed")).to_be_visible()
    page.keyboard.press("j")
    Analysis.objects.filter(pk=analysis.pk).update(state="cancelled", finished_at=timezone.now())
    told = page.get_by_role("status").get_by_role("link", name="Case of 2 January: its image is analysed")
    expect(told).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) Worklist"))
    expect(page.get_by_role("cell", name="1 to read")).to_be_visible()
    expect(page.locator(".row-link")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_title(re.compile("^Worklist"))


def test_what_ends_while_one_goes_to_another_page_is_told_there(page: Page, case: Case, model: ModelVersion) -> None:
    analysis = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
    page.goto("/patients/")
    wait_for_script(page, "(pk) => sessionStorage.getItem('batches')?.includes(pk)", str(case.pk))
    Analysis.objects.filter(pk=analysis.pk).update(state="cancelled", finished_at=timezone.now())
    page.goto("/models/")
    expect(page.get_by_role("link", name="Case of 2 January: its image is analysed")).to_be_visible()
