"""What pages do in a browser, beyond what the server sends."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.models import Patient, User
from diagnosis.models import Analysis, Case, ModelVersion, Prediction
from diagnosis.services import file_store
from tests.browser.conftest import sign_in
from tests.factories import (
    AnalysisFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    UserFactory,
    add_to_care_team,
    drawn_png,
)

WIDTHS = (1280, 390)
TOO_FAINT = Path(__file__).with_name("too_faint.js").read_text()


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    """A confident result with all its pictures."""
    sha256 = file_store.put(drawn_png(kind="Pre", seed=5))
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    return PredictionFactory.create(analysis__image=image, analysis__model_version=model)


def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)


def run(analysis: Analysis) -> None:
    """Do what a worker does when it takes an analysis up."""
    now = timezone.now()
    Analysis.objects.filter(pk=analysis.pk).update(
        state="running", lease_token=uuid4(), lease_expires_at=now + timedelta(minutes=5), attempts=1, started_at=now
    )


def fail(analysis: Analysis) -> None:
    """Do what a worker does with an image it cannot read."""
    Analysis.objects.filter(pk=analysis.pk).update(
        state="failed",
        lease_token=None,
        lease_expires_at=None,
        finished_at=timezone.now(),
        failure_code="truncated",
        failure_message="The file is cut off: a part of the image is missing.",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable_wide_and_narrow(
    page: Page, prediction: Prediction, patient: Patient, model: ModelVersion, scheme: str
) -> None:
    case, image = prediction.analysis.image.case, prediction.analysis.image
    waiting(case, model)
    fail_me = waiting(case, model)
    run(fail_me)
    fail(fail_me)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in (
        "/patients/",
        "/patients/new/",
        "/account/",
        f"/patients/{patient.pk}/",
        f"/patients/{patient.pk}/cases/new/",
        f"/cases/{case.pk}/",
        f"/images/{image.pk}/",
        f"/images/{fail_me.image_id}/",
        "/models/",
        f"/models/{model.pk}/",
        "/nowhere/",
    ):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 850})
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{address} is wider than {width}"
            assert page.evaluate(TOO_FAINT) == [], f"{address}, {scheme}"


def test_patients_are_found_as_one_types_and_the_address_keeps_no_name(
    page: Page, patient: Patient, owner: User
) -> None:
    other = PatientFactory.create(family_name="Zimmermann", created_by=owner)
    add_to_care_team(other, owner)
    page.goto("/patients/")
    expect(page.get_by_role("link", name=str(patient))).to_be_visible()
    page.get_by_label("Name or record number").press_sequentially("zimmer")
    expect(page.get_by_role("link", name=str(patient))).to_be_hidden()
    expect(page.get_by_role("link", name="Zimmermann, Given")).to_be_visible()
    expect(page.get_by_label("Name or record number")).to_be_focused()
    assert page.url.endswith("/patients/")
    page.get_by_label("Name or record number").fill("nobody of that name")
    expect(page.get_by_role("heading", name="No patient of yours matches")).to_be_visible()


def test_the_list_of_a_case_follows_the_analyses_and_keeps_the_focus(
    page: Page, case: Case, model: ModelVersion
) -> None:
    analysis, other = waiting(case, model), waiting(case, model)
    page.goto(f"/cases/{case.pk}/")
    card = page.locator(f"#images li:has(#open-{analysis.image_id})")
    expect(card).to_contain_text("Waiting, number 1")
    page.locator(f"#open-{other.image_id}").focus()
    run(analysis)
    expect(card).to_contain_text("Being analysed")
    expect(page.locator(f"#open-{other.image_id}")).to_be_focused()
    fail(analysis)
    expect(card).to_contain_text("The file is cut off: a part of the image is missing.")
    card.get_by_role("button", name="Retry").click()
    expect(card).to_contain_text("Waiting, number 2")


def test_nothing_is_asked_for_any_more_once_all_is_done(page: Page, prediction: Prediction) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/cases/{prediction.analysis.image.case_id}/")
    page.wait_for_load_state("networkidle")
    asked.clear()
    page.wait_for_timeout(3000)
    assert asked == []


def test_a_waiting_image_shows_its_result_by_itself(page: Page, case: Case, model: ModelVersion) -> None:
    analysis = waiting(case, model)
    page.goto(f"/images/{analysis.image_id}/")
    expect(page.get_by_text("Number 1 in the queue.")).to_be_visible()
    run(analysis)
    expect(page.get_by_role("heading", name="Being analysed")).to_be_visible()
    fail(analysis)
    expect(page.get_by_role("heading", name="This image could not be read")).to_be_visible()


def test_a_page_that_polls_goes_to_the_sign_in_when_the_session_ends(
    page: Page, case: Case, model: ModelVersion
) -> None:
    waiting(case, model)
    page.goto(f"/cases/{case.pk}/")
    page.context.clear_cookies()
    page.wait_for_url(re.compile(r"/sign-in/\?next=%2Fcases%2F"))


def test_the_chosen_colours_are_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/patients/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark colours").click()
    page.goto("/models/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    expect(page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")


def test_it_can_be_used_without_a_mouse(page: Page, prediction: Prediction) -> None:
    page.goto(f"/images/{prediction.analysis.image_id}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Where the model looked, not proof").focus()
    page.keyboard.press("Space")
    expect(page.locator("#layer-map")).to_be_visible()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_names_from_outside_are_shown_as_they_are_and_run_nothing(anonymous_page: Page, owner: User) -> None:
    page = anonymous_page
    evil = "<script>document.title='taken'</script>"
    patient = PatientFactory.create(family_name=evil, given_name="", record_number='"><img src=x onerror=alert(1)>')
    add_to_care_team(patient, owner)
    sign_in(page, owner)
    page.goto(f"/patients/{patient.pk}/")
    expect(page.get_by_text(evil)).to_be_visible()
    expect(page).to_have_title("Patient · Second Read")


def test_an_auditor_finds_a_page_that_says_what_the_role_is(anonymous_page: Page, site: str) -> None:
    sign_in(anonymous_page, UserFactory.create(role="auditor"))
    expect(anonymous_page.get_by_role("heading", name="Auditor")).to_be_visible()
