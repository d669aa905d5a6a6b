"""Signing in as people do it: app, passkey, recovery; and the page that covers itself."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings

from clinic.models import Patient, User
from tests.browser.conftest import sign_in
from tests.clinic.second_steps import code_of
from tests.factories import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def _no_counts(site: str) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def device(anonymous_page: Page) -> Any:
    """A device with a fingerprint reader that always knows its owner."""
    session = anonymous_page.context.new_cdp_session(anonymous_page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def enter_password(page: Page, person: User) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Page) -> None:
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(re.compile("/sign-in/"))


def test_an_administrator_sets_up_an_app_and_signs_in_with_it(anonymous_page: Page, settings: Settings) -> None:
    settings.MFA_REQUIRED_ROLES = frozenset({"administrator"})
    page, person = anonymous_page, UserFactory.create(role="administrator")
    enter_password(page, person)
    page.goto("/people/")
    expect(page.get_by_text("Your role asks for a second step.")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    confirm(page)
    expect(page.locator(".qr svg")).to_be_visible()
    page.get_by_text("Enter the secret by hand instead").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Set up").click()
    codes = page.locator("#recovery-codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    page.goto("/people/")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    sign_out(page)
    enter_password(page, person)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This is not right")).to_be_visible()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(re.compile("/models/"))


def test_a_passkey_is_added_and_signs_in_alone(anonymous_page: Page, owner: User, device: Any) -> None:
    page = anonymous_page
    sign_in(page, owner)
    page.goto("/account/second-step/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name of this passkey").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.goto("/account/second-step/passkeys/")
    expect(page.get_by_text("My laptop")).to_be_visible()
    sign_out(page)
    page.goto("/sign-in/?next=/models/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/models/"))
    sign_out(page)
    enter_password(page, owner)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/worklist/"))


def test_the_page_covers_itself_and_comes_back_where_it_was(
    anonymous_page: Page, owner: User, patient: Patient, settings: Settings
) -> None:
    settings.SESSION_IDLE = timedelta(seconds=4)
    page = anonymous_page
    sign_in(page, owner)
    page.goto(f"/patients/{patient.pk}/")
    heading = page.get_by_text(patient.family_name).first
    expect(heading).to_be_visible()
    expect(page.get_by_text("so you are signed out")).to_be_visible()
    assert patient.family_name not in page.locator("main#content").inner_html()
    page.get_by_role("link", name="Sign in again").click()
    settings.SESSION_IDLE = timedelta(minutes=15)
    page.get_by_label("Email address").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(f"/patients/{patient.pk}/"))


def test_somebody_at_work_on_a_page_is_not_signed_out(anonymous_page: Page, owner: User, settings: Settings) -> None:
    settings.SESSION_IDLE = timedelta(seconds=8)
    page = anonymous_page
    sign_in(page, owner)
    page.goto("/patients/new/")
    field = page.get_by_label("Family name")
    for _ in range(12):
        field.press("a")
        page.wait_for_timeout(1000)
    expect(field).to_be_visible()
    expect(field).to_have_value("a" * 12)


def test_a_page_that_slept_is_covered_before_anybody_sees_it(anonymous_page: Page, owner: User) -> None:
    page = anonymous_page
    sign_in(page, owner)
    page.goto("/patients/")
    page.context.clear_cookies()
    page.evaluate("const now = Date.now; Date.now = () => now() + 16 * 60 * 1000; dispatchEvent(new Event('focus'))")
    expect(page.get_by_text("so you are signed out")).to_be_visible()


def test_a_tab_is_uncovered_when_another_one_kept_the_session(anonymous_page: Page, owner: User) -> None:
    page = anonymous_page
    sign_in(page, owner)
    page.goto("/patients/")
    page.evaluate("const now = Date.now; Date.now = () => now() + 16 * 60 * 1000; dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("heading", name="Patients", exact=True)).to_be_visible()
    expect(page.locator("#session-over")).to_be_hidden()
