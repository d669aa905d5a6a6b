"""Sending images from the browser."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from clinic.models import User
from diagnosis.models import Case, ModelVersion, SlideImage
from diagnosis.services.uploads import accept_image
from tests.factories import CaseFactory, PatientFactory, add_to_care_team, drawn_png, upload


def png(number: int) -> FilePayload:
    """A drawn image as a file that is chosen."""
    return {"name": f"field-{number:02}.png", "mimeType": "image/png", "buffer": drawn_png(seed=number)}


@pytest.fixture
def case_page(page: Page, case: Case, model: ModelVersion) -> Page:
    """The page of a case without images."""
    page.goto(f"/cases/{case.pk}/")
    return page


def choose(page: Page, files: list[FilePayload]) -> None:
    page.get_by_label("Choose images").set_input_files(files)


def summary(page: Page) -> Any:
    return expect(page.locator("#uploads-summary"))


def test_it_sends_what_is_chosen_and_shows_it_waiting(case_page: Page, case: Case) -> None:
    choose(case_page, [png(number) for number in range(1, 8)])
    summary(case_page).to_have_text("7 images received.")
    expect(case_page.get_by_role("heading", name="7 images")).to_be_visible()
    expect(case_page.locator("#images li", has_text="Waiting")).to_have_count(7)
    assert SlideImage.objects.filter(case=case).count() == 7


def test_it_stays_with_links_where_the_very_same_file_is_as_well(
    case_page: Page, case: Case, model: ModelVersion, owner: User
) -> None:
    other = PatientFactory.create(created_by=owner, family_name="Castellan")
    add_to_care_team(other, owner)
    image = accept_image(case=CaseFactory(patient=other), uploaded_by=owner, file=upload(content=drawn_png(seed=1)))
    choose(case_page, [png(1), png(2)])
    summary(case_page).to_have_text("2 images received.")
    expect(case_page.locator("#uploads li")).to_have_count(1)
    case_page.get_by_role("link", name="Castellan, Given").click()
    case_page.wait_for_url(f"**/images/{image.analysis.image_id}/")


def test_it_sends_what_was_chosen_before_the_script_had_loaded(page: Page, case: Case, model: ModelVersion) -> None:
    held: list[Route] = []
    page.route("**/js/upload.js", lambda route: held.append(route))  # noqa: PLW0108  playwright marks its handlers
    page.goto(f"/cases/{case.pk}/", wait_until="commit")
    choose(page, [png(1), png(2)])
    held[0].continue_()
    summary(page).to_have_text("2 images received.")
    assert SlideImage.objects.filter(case=case).count() == 2


def test_it_takes_what_is_dropped_anywhere_on_the_page(case_page: Page, case: Case) -> None:
    case_page.evaluate(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.png", {type: "image/png"}));
            const tell = (kind) => document.body.dispatchEvent(
                new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
            ["dragenter", "dragover", "drop"].forEach(tell);
        }""",
        base64.b64encode(drawn_png(seed=3)).decode(),
    )
    summary(case_page).to_have_text("1 image received.")
    assert SlideImage.objects.get(case=case).uploaded_name == "dropped.png"


def test_it_says_beside_its_name_why_a_file_is_refused_and_loses_no_sibling(case_page: Page, case: Case) -> None:
    files: list[FilePayload] = [
        png(1),
        {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear colleague"},
        {"name": "nothing.png", "mimeType": "image/png", "buffer": b""},
        {"name": "<b>bold</b>.png", "mimeType": "image/png", "buffer": drawn_png(seed=2)[:900]},
        png(4),
    ]
    choose(case_page, files)
    summary(case_page).to_contain_text("received.")
    rows = case_page.locator("#uploads li")
    expect(rows.filter(has_text="letter.png")).to_contain_text("it is not an image")
    expect(rows.filter(has_text="nothing.png")).to_contain_text("The file is empty.")
    expect(rows.filter(has_text="letter.png").get_by_role("button")).to_be_hidden()
    assert SlideImage.objects.filter(case=case, uploaded_name__in=["field-01.png", "field-04.png"]).count() == 2


def test_it_takes_at_most_two_hundred_at_a_time(case_page: Page, case: Case, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(201)]
    for path in paths:
        path.write_bytes(b"x")
    case_page.get_by_label("Choose images").set_input_files(paths)
    summary(case_page).to_contain_text("at most 200 images at a time. You chose 201, and none was sent.")
    assert not SlideImage.objects.exists()


def test_it_offers_another_try_when_the_connection_is_lost(case_page: Page, case: Case) -> None:
    case_page.route("**/images/", lambda route: route.abort() if route.request.method == "POST" else route.fallback())
    choose(case_page, [png(1)])
    row = case_page.locator("#uploads li")
    expect(row).to_contain_text("The connection was lost before the image arrived.")
    case_page.unroute("**/images/")
    row.get_by_role("button", name="Retry").click()
    summary(case_page).to_have_text("1 image received.")
    assert SlideImage.objects.filter(case=case).count() == 1


def test_it_keeps_what_is_put_off_and_sends_it_again_by_itself(case_page: Page, case: Case) -> None:
    put_off: list[Route] = []

    def once(route: Route) -> None:
        if route.request.method != "POST" or put_off:
            route.fallback()
            return
        put_off.append(route)
        route.fulfill(status=503, headers={"Retry-After": "1"}, json={"code": "queue_full", "wait": "10 seconds"})

    case_page.route("**/images/", once)
    choose(case_page, [png(1)])
    summary(case_page).to_contain_text("The rest is kept here and is sent in 10 seconds")
    expect(case_page.locator("#uploads li")).to_contain_text("Kept, and sent again by itself")
    summary(case_page).to_have_text("1 image received.")
    assert SlideImage.objects.filter(case=case).count() == 1


def test_it_recognises_an_image_the_case_already_has(case_page: Page, case: Case) -> None:
    choose(case_page, [png(1)])
    summary(case_page).to_have_text("1 image received.")
    choose(case_page, [png(1)])
    expect(case_page.get_by_text("Already in this case")).to_be_visible()
    assert SlideImage.objects.filter(case=case).count() == 1


def test_it_sends_at_most_three_at_a_time_and_warns_before_leaving(case_page: Page) -> None:
    held: list[Route] = []
    case_page.route(
        "**/images/", lambda route: held.append(route) if route.request.method == "POST" else route.fallback()
    )
    choose(case_page, [png(number) for number in range(5)])
    expect(case_page.locator("#uploads li", has_text="Waiting to be sent")).to_have_count(2)
    for _ in range(100):
        case_page.wait_for_timeout(100)  # the browser reports its requests meanwhile
        if len(held) > 2:
            break
    case_page.wait_for_timeout(500)
    assert len(held) == 3
    warned: list[str] = []

    def stay(dialog: Any) -> None:
        warned.append(dialog.type)
        dialog.dismiss()

    case_page.once("dialog", stay)
    case_page.evaluate("void location.assign('/patients/')")
    case_page.wait_for_timeout(500)
    assert warned == ["beforeunload"]
    case_page.unroute("**/images/")  # lets go of what was held
    summary(case_page).to_have_text("5 images received.")


def test_it_says_so_when_the_session_has_ended(case_page: Page) -> None:
    case_page.context.clear_cookies()
    choose(case_page, [png(1)])
    expect(case_page.locator("#uploads li")).to_contain_text("Your session has ended.")
