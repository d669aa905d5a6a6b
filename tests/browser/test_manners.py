"""What the pages owe to who sits before them: their language, their patient, what they typed, their keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, ViewportSize, expect

from clinic.models import Patient, User
from diagnosis.models import Case
from tests.browser.conftest import sign_in
from tests.factories import PASSWORD, CaseFactory

NARROW: ViewportSize = {"width": 390, "height": 700}


@pytest.fixture
def beside(page: Page) -> Iterator[Page]:
    """A second tab of the same browser."""
    other = page.context.new_page()
    yield other
    other.close()


def test_the_language_is_chosen_at_the_door_and_kept(anonymous_page: Page, owner: User) -> None:
    page = anonymous_page
    page.goto("/sign-in/")
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("button", name="Español")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Dirección de correo electrónico").fill(owner.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page.get_by_role("button", name="Cerrar sesión")).to_be_visible()


def test_times_are_those_of_the_browser_without_a_word(browser: Browser, site: str, owner: User) -> None:
    context = browser.new_context(base_url=site, timezone_id="Asia/Tokyo")
    page = context.new_page()
    sign_in(page, owner)
    page.goto("/account/")
    expect(page.get_by_text("Times: Asia/Tokyo (UTC+0900)")).to_be_visible()
    context.close()


def test_the_patient_stays_in_sight_however_far_one_scrolls(page: Page, patient: Patient) -> None:
    patient.family_name, patient.given_name = "Wolfeschlegelsteinhausenbergerdorff" * 2, "Hubert Blaine " * 7
    patient.save(update_fields=["family_name", "given_name"])
    page.set_viewport_size(NARROW)
    page.goto(f"/patients/{patient.pk}/record/")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    banner = page.locator(".identity")
    expect(banner).to_be_in_viewport()
    box = banner.bounding_box()
    assert box
    assert box["y"] == pytest.approx(0, abs=1)
    assert box["height"] < 0.45 * NARROW["height"]


def test_what_was_typed_is_not_lost_without_a_question(page: Page, patient: Patient) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"/patients/{patient.pk}/cases/new/")
    page.get_by_label("Note (optional)").fill("A long history")
    page.get_by_role("link", name="Patients").click()
    expect(page.get_by_label("Note (optional)")).to_have_value("A long history")
    assert asked == ["beforeunload"]


def leaving_anyway(page: Page) -> list[str]:
    """What the browser asks from now on; it is always told to go on."""
    asked: list[str] = []

    def go_on(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", go_on)
    return asked


def test_nothing_is_asked_when_nothing_was_typed_or_all_is_sent(page: Page, patient: Patient) -> None:
    asked = leaving_anyway(page)
    page.goto("/patients/new/")
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()
    page.goto("/patients/new/")
    page.get_by_label("Record number").fill("4711")
    page.get_by_label("Family name").fill("Sent")
    page.get_by_role("button", name="Register patient").click()
    expect(page.locator(".identity")).to_contain_text("4711")
    assert asked == []


def test_a_form_given_back_with_a_mistake_still_guards_what_it_holds(page: Page, patient: Patient) -> None:
    asked = leaving_anyway(page)
    page.goto("/patients/new/")
    page.get_by_label("Family name").fill("Only a name")
    page.get_by_role("button", name="Register patient").click()
    expect(page.get_by_text("Enter the record number.")).to_be_visible()
    page.get_by_label("Family name").click()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()
    assert asked == ["beforeunload"]


def test_a_page_that_the_browser_kept_is_asked_for_again(page: Page, patient: Patient) -> None:
    page.goto(f"/patients/{patient.pk}/")
    Patient.objects.filter(pk=patient.pk).update(family_name="Renamed")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator(".identity")).to_contain_text("Renamed")


def test_once_somebody_else_signs_in_beside_it_nothing_of_the_first_persons_patient_is_left(
    page: Page, beside: Page, patient: Patient, stranger: User
) -> None:
    page.goto(f"/patients/{patient.pk}/")
    expect(page.locator(".identity")).to_contain_text(patient.family_name)
    page.context.clear_cookies(name="sessionid")
    sign_in(beside, stranger)
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
    expect(page.get_by_text(patient.family_name)).to_have_count(0)


def test_signing_in_again_beside_a_page_leaves_what_was_typed_alone(page: Page, beside: Page, owner: User) -> None:
    page.goto("/patients/new/")
    page.get_by_label("Family name").fill("Half a name")
    page.context.clear_cookies(name="sessionid")
    sign_in(beside, owner)
    expect(page.get_by_label("Family name")).to_have_value("Half a name")


def test_every_stop_of_the_keyboard_is_visible_and_there_is_no_trap(page: Page, case: Case, patient: Patient) -> None:
    CaseFactory.create(patient=patient, assay="breast")
    for path in (f"/patients/{patient.pk}/", "/patients/", "/account/", f"/cases/{case.pk}/"):
        page.goto(path)
        stops = walk_by_keyboard(page)
        assert stops[0].startswith("To the content"), path
        assert len(stops) == len(set(stops)), path
        hidden = [stop for stop in stops if "no outline" in stop]
        assert hidden == [], path


def walk_by_keyboard(page: Page) -> list[str]:
    """Tab through the page once: what has the focus, with a note where nothing shows it."""
    stops: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const here = document.activeElement;
              if (here === document.body) return "";
              const all = [...document.querySelectorAll("*")];
              const outlined = (one) => one && getComputedStyle(one).outlineStyle !== "none";
              const shown = outlined(here) || outlined(here.closest(".choice"));
              return `${here.textContent.trim()} ${here.name ?? ""} ${all.indexOf(here)}${shown ? "" : " no outline"}`;
            }"""
        )
        if not stop or stop in stops:
            break
        stops.append(re.sub(r"\s+", " ", stop))
    return stops
