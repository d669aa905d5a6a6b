"""Reading images in the browser: choosing, drafts that survive, two tabs, a double click, a lost connection."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Request, Response, expect

from clinic.models import User
from diagnosis.models import AssayPolicy, Case, ModelVersion, Reading, ReadingDraft, SlideImage
from diagnosis.services import file_store
from tests.browser.conftest import sign_in
from tests.factories import ImageFactory, PredictionFactory, drawn_png


@pytest.fixture
def images(case: Case, model: ModelVersion) -> list[SlideImage]:
    """Two images with pictures and suggestions."""
    return [drawn(case, model, seed) for seed in (5, 6)]


def drawn(case: Case, model: ModelVersion, seed: int) -> SlideImage:
    sha256 = file_store.put(drawn_png(kind="Pre", seed=seed))
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    PredictionFactory.create(analysis__image=image, analysis__model_version=model)
    return image


@pytest.fixture
def reading_page(page: Page, images: list[SlideImage]) -> Iterator[Page]:
    """The first image, before the owner. In the end no draft is on its way to tables that are being emptied."""
    under_way: set[Request] = set()
    page.context.on("request", lambda request: under_way.add(request))  # noqa: PLW0108  playwright marks its handlers
    page.context.on("requestfinished", lambda request: under_way.discard(request))  # noqa: PLW0108  playwright marks its handlers
    page.context.on("requestfailed", lambda request: under_way.discard(request))  # noqa: PLW0108  playwright marks its handlers
    page.goto(f"/images/{images[0].pk}/")
    yield page
    page.context.route("**/reading/draft/", lambda route: route.abort())
    for _ in range(20):  # of one sent without a connection the browser never says that it ended
        if under_way:
            page.wait_for_timeout(50)


def is_draft(response: Response) -> bool:
    return response.url.endswith("/reading/draft/") and response.request.method == "POST"


def saved(page: Page, act: Callable[[], object]) -> None:
    """Do something, and wait until the draft that it makes is stored."""
    with page.expect_response(is_draft):
        act()
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")


def test_it_is_chosen_by_key_recorded_and_the_next_image_follows(reading_page: Page, images: list[SlideImage]) -> None:
    page = reading_page
    expect(page.locator("[name=choice]:checked")).to_have_count(0)
    page.goto(page.url)  # nothing was entered, so nothing holds the page up
    page.keyboard.press("3")
    expect(page.get_by_label("Agree: Pre")).to_be_checked()
    assert not Reading.objects.exists()
    page.get_by_role("button", name="Record and next").click()
    page.wait_for_url(f"**/images/{images[1].pk}/")
    expect(page.locator("#image-status")).to_contain_text("Your reading is recorded.")
    assert Reading.objects.get().answer == "agree"
    expect(page.locator("[name=choice]:checked")).to_have_count(0)
    page.keyboard.press("1")
    page.get_by_label("Reason").select_option("stain")
    page.get_by_role("button", name="Record reading").click()
    expect(page.locator(".recorded")).to_contain_text("Benign")
    expect(page.locator("#strip [data-state] .icon")).to_have_count(2)


def test_only_reasons_that_fit_are_offered(reading_page: Page) -> None:
    page = reading_page
    expect(page.get_by_label("Reason")).to_be_hidden()
    page.get_by_label("Unsuitable image").check()
    fitting = page.get_by_label("Reason").locator("option:not([disabled])")
    expect(fitting.filter(has_text="Not this kind of specimen")).to_have_count(1)
    expect(fitting.filter(has_text="Cells or tissue look otherwise")).to_have_count(0)


def test_a_refused_reading_keeps_what_was_entered(reading_page: Page) -> None:
    page = reading_page
    page.get_by_label("Cannot tell").check()
    page.get_by_label("Comment").fill("too few cells")
    page.get_by_role("button", name="Record reading").click()
    expect(page.get_by_text("Choose a reason.")).to_be_visible()
    expect(page.get_by_label("Cannot tell")).to_be_checked()
    expect(page.get_by_label("Comment")).to_have_value("too few cells")
    page.get_by_label("Reason").select_option("few_cells")
    page.get_by_role("button", name="Record reading").click()
    expect(page.locator(".recorded")).to_contain_text("too few cells")


def test_a_draft_survives_leaving_reloading_and_a_session_that_ended(
    reading_page: Page, images: list[SlideImage], owner: User
) -> None:
    page = reading_page
    saved(page, lambda: page.get_by_label("Comment").fill("first words"))
    page.reload()
    expect(page.get_by_label("Comment")).to_have_value("first words")
    page.get_by_label("Comment").fill("first words and more")
    with page.expect_response("**/opened/"):
        page.get_by_role("link", name="Next image").click()
    page.wait_for_url(f"**/images/{images[1].pk}/")
    assert ReadingDraft.objects.get().comment == "first words and more"
    page.context.clear_cookies()
    page.get_by_label("Comment").fill("while signed out")
    expect(page.locator("[data-draft-status]")).to_contain_text("you are signed out")
    other = page.context.new_page()
    sign_in(other, owner)
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    assert set(ReadingDraft.objects.values_list("comment", flat=True)) == {"first words and more", "while signed out"}


def test_a_lost_connection_loses_nothing(reading_page: Page, problems: list[str]) -> None:
    page = reading_page
    page.context.set_offline(True)
    page.get_by_label("Agree: Pre").check()
    expect(page.locator("[data-draft-status]")).to_contain_text("Not saved: no connection; trying again")
    page.get_by_role("button", name="Record reading").click()
    expect(page.get_by_text("Not recorded: the server does not answer.")).to_be_visible()
    expect(page.get_by_label("Agree: Pre")).to_be_checked()
    page.context.set_offline(False)
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    page.get_by_role("button", name="Record reading").click()
    expect(page.locator(".recorded")).to_contain_text("Pre")
    assert (Reading.objects.count(), ReadingDraft.objects.count()) == (1, 0)


def test_a_double_click_records_once(reading_page: Page) -> None:
    reading_page.get_by_label("Agree: Pre").check()
    reading_page.get_by_role("button", name="Record reading").dblclick()
    expect(reading_page.locator(".recorded")).to_have_count(1)
    assert Reading.objects.count() == 1


def test_of_two_tabs_the_other_is_told(reading_page: Page, images: list[SlideImage]) -> None:
    page = reading_page
    other = page.context.new_page()
    other.goto(f"/images/{images[0].pk}/")
    saved(other, lambda: other.get_by_label("Comment").fill("from the other tab"))
    expect(page.get_by_text("was changed in another tab")).to_be_visible()
    other.get_by_label("Agree: Pre").check()
    other.get_by_role("button", name="Record reading").click()
    expect(other.locator(".recorded")).to_have_count(1)
    page.get_by_label("Benign").check()
    page.get_by_label("Reason").select_option("stain")
    page.get_by_role("button", name="Record reading").click()
    expect(page.get_by_text("You have recorded another reading of this image meanwhile")).to_be_visible()
    expect(page.locator(".recorded")).to_contain_text("Pre")
    expect(page.get_by_label("Benign")).to_be_checked()
    assert Reading.objects.count() == 1


def test_a_blinded_doctor_sees_the_suggestion_after_recording(
    reading_page: Page, images: list[SlideImage], administrator: User
) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    page = reading_page
    page.reload()
    expect(page.get_by_text("AI suggestion, not a diagnosis")).to_have_count(0)
    page.get_by_role("radio", name="Pre", exact=True).check()
    page.get_by_role("button", name="Record reading").click()
    expect(page.get_by_text("AI suggestion, not a diagnosis")).to_be_visible()
    expect(page.locator(".recorded")).to_contain_text("before seeing the suggestion")
    page.get_by_text("Correct my reading").click()
    page.get_by_label(re.compile("^Benign")).check()
    page.get_by_label("Reason").select_option("atypical")
    page.get_by_label("Why do you change your reading?").fill("the suggestion made me look again")
    page.get_by_role("button", name="Record the correction").click()
    expect(page.locator(".recorded.is-replaced")).to_contain_text("Replaced on")
    assert Reading.objects.count() == 2
