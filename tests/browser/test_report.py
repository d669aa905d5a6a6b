"""Signing a case as doctors do it: password, passkey, two people, and the file they take away."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from clinic.models import User
from diagnosis.models import Case, ModelVersion, Report, ReportDraft
from diagnosis.services import drawing, file_store
from tests.browser.conftest import sign_in
from tests.browser.test_accounts import confirm, device
from tests.factories import PASSWORD, ImageFactory, PredictionFactory, ReadingFactory, drawn_png

__all__ = ["device"]


@pytest.fixture(autouse=True)
def _no_counts(site: str) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def case(case: Case, owner: User, model: ModelVersion) -> Case:
    """Read, and ready to sign."""
    for seed in range(2):
        picture = file_store.put(drawn_png(seed=seed))
        image = ImageFactory.create(
            case=case, uploaded_name=f"field-{seed}.png", display_sha256=picture, thumbnail_sha256=picture
        )
        prediction = PredictionFactory.create(analysis__image=image, analysis__model_version=model)
        ReadingFactory.create(image=image, reader=owner, prediction=prediction, answer="agree")
    return case


def test_a_doctor_signs_and_takes_the_pdf_away(page: Page, case: Case, tmp_path: Path) -> None:
    page.goto(f"/cases/{case.pk}/")
    expect(page.get_by_text("Ready to sign")).to_be_visible()
    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_label("Findings").fill("Blasts in most fields.")
    expect(page.get_by_text("Your words are kept.")).to_be_visible()
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Sign with the password").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    expect(page.get_by_label("Findings")).to_have_value("Blasts in most fields.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign with the password").dblclick()
    expect(page.get_by_role("heading", name="Report, version 1")).to_be_visible(timeout=20_000)
    assert Report.objects.count() == 1
    expect(page.get_by_text("The PDF is being drawn")).to_be_visible()
    assert drawing.draw_next()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as PDF").click()
    download.value.save_as(tmp_path / "report.pdf")
    assert re.fullmatch(r"report-[0-9a-f]{8}-v1\.pdf", download.value.suggested_filename)
    assert "Blasts in most fields." in pypdf.PdfReader(tmp_path / "report.pdf").pages[0].extract_text()


def test_a_passkey_signs_too(anonymous_page: Page, case: Case, owner: User, device: Any) -> None:
    page = anonymous_page
    sign_in(page, owner)
    page.goto("/account/second-step/passkeys/new/")
    confirm(page)
    page.get_by_label("Name of this passkey").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.goto(f"/cases/{case.pk}/report/")
    page.get_by_role("button", name="Sign with a passkey").click()
    expect(page.get_by_role("heading", name="Report, version 1")).to_be_visible(timeout=20_000)
    assert Report.objects.get().confirmed_by == "passkey"


def test_of_two_doctors_the_second_is_told_and_loses_no_word(
    page: Page, browser: Browser, site: str, case: Case, colleague: User
) -> None:
    page.goto(f"/cases/{case.pk}/report/")
    context = browser.new_context(base_url=site)
    theirs = context.new_page()
    sign_in(theirs, colleague)
    theirs.goto(f"/cases/{case.pk}/report/")
    for one, words in ((theirs, "Theirs."), (page, "Mine.")):
        one.get_by_label("Findings").fill(words)
        one.get_by_label("Your password").fill(PASSWORD)
        one.get_by_role("button", name="Sign with the password").click()
    expect(page.get_by_text("Colin Colleague signed version 1 of this report.")).to_be_visible()
    expect(page.get_by_label("Findings")).to_have_value("Mine.")
    assert Report.objects.get().content["findings"] == "Theirs."
    context.close()


def test_words_outlive_a_session_that_ended_while_they_were_written(page: Page, case: Case, owner: User) -> None:
    page.goto(f"/cases/{case.pk}/report/")
    page.get_by_label("Findings").fill("Written before the break.")
    expect(page.get_by_text("Your words are kept.")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign with the password").click()
    page.goto("about:blank")
    sign_in(page, owner)
    page.goto(f"/cases/{case.pk}/report/")
    expect(page.get_by_label("Findings")).to_have_value("Written before the break.")
    assert ReportDraft.objects.get().author == owner
