"""The whole day's work on the real stack, with the keyboard alone: upload, worker, worklist, reading, signing, PDF."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from pypdf import PdfReader

from clinic.models import AuditEvent, User
from diagnosis.models import Case, Reading, Report
from tests.factories import PASSWORD, drawn_png
from tests.stack import Stack

PATIENCE = 240_000  # milliseconds: the first worker on a machine exports its models
WORDS = "Blasts throughout; flow cytometry is asked for."


@pytest.fixture
def site(stack: Stack) -> str:
    """Pages of the real web server, with a worker at work."""
    stack.start_worker()
    return stack.address


def drawn(number: int) -> FilePayload:
    content = drawn_png(kind=["Benign", "Pre", "Pro"][number], seed=number)
    return {"name": f"field-{number}.png", "mimeType": "image/png", "buffer": content}


def reach(page: Page, target: Locator) -> None:
    """Walk to `target` with the Tab key, as somebody without a mouse does."""
    expect(target).to_be_attached()
    for _ in range(120):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The Tab key does not lead to {target}.")


def press(page: Page, target: Locator) -> None:
    """Walk to a link or button, and press it."""
    reach(page, target)
    page.keyboard.press("Enter")


def type_into(page: Page, label: str, words: str) -> None:
    """Walk to a field, and type."""
    reach(page, page.get_by_label(label))
    page.keyboard.type(words)


def send(page: Page, count: int) -> None:
    """Choose the images, and wait until the page says by itself that all are analysed."""
    expect(page.get_by_text("Drop images here, or")).to_be_visible()  # the page's script is at work
    with page.expect_file_chooser() as chooser:  # from before the walk: the browser takes its time to listen
        reach(page, page.get_by_label("Choose images"))
        page.keyboard.press("Enter")
    chooser.value.set_files([drawn(number) for number in range(count)])
    expect(page.get_by_role("heading", name=f"{count} images", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#images")).to_have_attribute("data-status", "All images are analysed.", timeout=PATIENCE)


def read_all(page: Page, count: int) -> None:
    """Read each image as Pro, going from one to the next without a page load."""
    for number in range(1, count + 1):
        expect(page).to_have_title(re.compile(f"Image {number} of {count}"))
        expect(page.locator("[name=choice]:checked")).to_have_count(0)
        page.keyboard.press("4")
        expect(page.get_by_role("radio", name=re.compile("Pro"))).to_be_checked()
        reason = page.get_by_label("Reason")
        if reason.is_visible():  # only another class than the suggested one asks for it
            reach(page, reason)
            page.keyboard.type("Cells")
        press(page, page.get_by_role("button", name="Record and next" if number < count else "Record reading"))
    expect(page.locator(".recorded")).to_contain_text("Pro")


def sign(page: Page) -> None:
    """Write the findings, and sign with the password."""
    type_into(page, "Findings", WORDS)
    type_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 1").first).to_be_visible()


def test_a_case_is_uploaded_read_and_signed_with_the_keyboard_alone(
    page: Page, case: Case, owner: User, tmp_path: Path
) -> None:
    page.goto(f"/cases/{case.pk}/")
    send(page, 3)
    press(page, page.get_by_role("link", name="Worklist"))
    page.wait_for_url("**/worklist/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{case.pk}/")
    press(page, page.get_by_role("link", name=re.compile("Read the next")))
    page.wait_for_url("**/images/*/")
    read_all(page, 3)
    press(page, page.locator(f"a[href='/cases/{case.pk}/']").first)
    press(page, page.get_by_role("link", name="Report", exact=True))
    sign(page)
    link = page.get_by_role("link", name=re.compile("PDF"))
    expect(link).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        press(page, link)
    assert case.patient.family_name not in download.value.suggested_filename
    the_report_holds_what_was_signed(download.value.path().read_bytes(), case, owner)
    press(page, page.get_by_role("link", name="Worklist"))
    press(page, page.get_by_role("link", name=re.compile("^Done")))
    expect(page.locator(".row-link")).to_have_count(1)


def the_report_holds_what_was_signed(pdf: bytes, case: Case, owner: User) -> None:
    text = " ".join(" ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages).split())
    for words in (case.patient.family_name, case.patient.record_number, WORDS, owner.full_name, "Pro"):
        assert words in text
    report = Report.objects.get(case=case)
    assert [one.label for one in Reading.objects.filter(image__case=case)] == ["Pro"] * 3
    trail = AuditEvent.objects.filter(patient_id=case.patient_id)
    assert trail.filter(action="reading.recorded").count() == 3
    assert trail.filter(action="report.signed", subject_id=str(report.pk)).count() == 1
