"""The picture on its stage, and going from image to image of a case without loading the page again."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from clinic.models import User
from diagnosis.models import AssayPolicy, Case, ImageOpening, ModelVersion, SlideImage
from diagnosis.services import file_store
from tests.browser.watching import wait_for_script
from tests.factories import ImageFactory, PredictionFactory, drawn_png

Reading = Callable[..., SlideImage]

# How coloured the middle of the canvas is: 0 when nothing was drawn there.
DRAWN = """
() => {
  const canvas = document.querySelector(".live canvas");
  const point = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  point.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
  const [red, green, blue, opacity] = point.getImageData(0, 0, 1, 1).data;
  return opacity && red + green + blue;
}
"""


@pytest.fixture
def read(case: Case, model: ModelVersion) -> Reading:
    """An image that a model has read, with a picture of its own."""

    def read(seed: int, **fields: Any) -> SlideImage:
        sha256 = file_store.put(drawn_png(seed=seed))
        image = ImageFactory.create(
            case=case, display_sha256=sha256, thumbnail_sha256=sha256, uploaded_name=f"field-{seed}.png", **fields
        )
        PredictionFactory.create(analysis__image=image, analysis__model_version=model)
        return image

    return read


def percent(page: Page) -> int:
    """How far the picture is enlarged, as the page says."""
    return int((page.locator("[data-zoom]").text_content() or "0").split("\N{NO-BREAK SPACE}")[0])


def open_image(page: Page, image: SlideImage) -> None:
    """Go to the image and wait until its picture is drawn, three times enlarged."""
    page.goto(f"/images/{image.pk}/")
    expect(page.locator("[data-zoom]")).to_have_text("300\N{NO-BREAK SPACE}%")
    wait_for_script(page, DRAWN)


def test_the_picture_is_zoomed_by_wheel_keys_and_buttons_and_never_smoothed(page: Page, read: Reading) -> None:
    open_image(page, read(1))
    assert page.evaluate("document.querySelector('.live canvas').getContext('2d').imageSmoothingEnabled") is False
    page.locator("[data-live]").hover()
    page.mouse.wheel(0, -400)
    wait_for_script(page, "parseInt(document.querySelector('[data-zoom]').textContent) > 300")
    page.keyboard.press("0")
    expect(page.locator("[data-zoom]")).to_have_text("300\N{NO-BREAK SPACE}%")
    page.keyboard.press("+")
    expect(page.locator("[data-zoom]")).to_have_text("450\N{NO-BREAK SPACE}%")
    page.get_by_role("button", name="Own size, one to one").click()
    expect(page.locator("[data-zoom]")).to_have_text("100\N{NO-BREAK SPACE}%")
    page.get_by_role("button", name="Fit to the page").click()
    expect(page.locator("[data-zoom]")).to_have_text("300\N{NO-BREAK SPACE}%")
    expect(page.get_by_role("button", name="Full screen")).to_be_visible()


def test_an_enlarged_picture_that_has_the_focus_is_moved_by_arrow_keys(page: Page, read: Reading) -> None:
    first, _ = read(1), read(2)
    open_image(page, first)
    page.locator(".openseadragon-canvas").focus()
    page.keyboard.press("+")
    expect(page.locator("[data-zoom]")).to_have_text("450\N{NO-BREAK SPACE}%")
    before = page.locator("#layer-outline").bounding_box()
    page.keyboard.press("ArrowRight")
    wait_for_script(
        page,
        "(left) => document.getElementById('layer-outline').getBoundingClientRect().left < left - 30",
        before["x"] if before else 0,
    )
    assert page.url.endswith(f"/images/{first.pk}/")


def test_the_layers_can_be_switched_and_faded_and_stay_so_from_image_to_image(page: Page, read: Reading) -> None:
    first, second = read(1), read(2)
    open_image(page, first)
    outline, activation = page.locator("#layer-outline"), page.locator("#layer-map")
    expect(outline).to_be_visible()
    expect(activation).to_be_hidden()
    page.get_by_label("Where the model looked, not proof").check()
    expect(activation).to_be_visible()
    page.locator("#opacity-map").fill("25")
    expect(activation).to_have_css("opacity", "0.25")
    page.locator("#opacity-outline").press("ArrowLeft")
    expect(outline).to_have_css("opacity", "0.95")
    page.get_by_label("Outline of what was segmented").uncheck()
    expect(outline).to_be_hidden()
    page.keyboard.press("n")
    expect(page).to_have_url(f"/images/{second.pk}/")
    expect(activation).to_have_attribute("data-address", f"/images/{second.pk}/map")
    expect(activation).to_have_css("opacity", "0.25")
    expect(outline).to_be_hidden()


def test_brightness_and_contrast_change_the_picture_alone_and_go_back(page: Page, read: Reading) -> None:
    open_image(page, read(1))
    page.get_by_text("Brightness and contrast").click()
    page.get_by_label("Brightness").fill("150")
    canvas = page.locator(".live canvas").first
    expect(canvas).to_have_css("filter", "brightness(1.5) contrast(1)")
    expect(page.locator("#layer-outline")).to_have_css("filter", "none")
    page.get_by_role("button", name="As it was taken").click()
    expect(canvas).to_have_css("filter", "brightness(1) contrast(1)")


def test_a_scale_bar_is_shown_where_the_resolution_is_known(page: Page, read: Reading) -> None:
    known, unknown = read(1, micrometres_per_pixel=0.25), read(2)
    open_image(page, known)
    expect(page.locator("[data-length]")).to_have_text("10\N{NO-BREAK SPACE}µm")
    expect(page.locator("[data-bar]")).to_have_css("width", "120px")  # 10 µm are 40 pixels, three times enlarged
    page.keyboard.press("n")
    expect(page).to_have_url(f"/images/{unknown.pk}/")
    expect(page.locator("[data-scale]")).to_be_hidden()


def test_next_and_previous_show_the_image_without_loading_the_page(page: Page, read: Reading) -> None:
    first, second, _ = read(1), read(2), read(3)
    open_image(page, first)
    page.evaluate("window.isTheSamePage = true")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"/images/{second.pk}/")
    expect(page).to_have_title("Image 2 of 3 · Second Read")
    expect(page.get_by_text("field-2.png", exact=True)).to_be_visible()
    expect(page.locator("#image-status")).to_have_text("Image 2 of 3, field-2.png")
    expect(page.locator("#strip [aria-current]")).to_have_attribute("href", f"/images/{second.pk}/")
    page.keyboard.press("p")
    expect(page).to_have_url(f"/images/{first.pk}/")
    page.get_by_role("link", name="Next image").click()
    expect(page).to_have_url(f"/images/{second.pk}/")
    expect(page.get_by_role("link", name="Next image")).to_be_focused()
    page.go_back()
    expect(page.get_by_text("field-1.png", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.get_by_text("field-2.png", exact=True)).to_be_visible()
    assert page.evaluate("window.isTheSamePage")


def test_the_next_image_is_fetched_ahead_but_not_opened_before_it_is_seen(page: Page, read: Reading) -> None:
    first, second = read(1), read(2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(f"**/images/{second.pk}/outline"):
        page.goto(f"/images/{first.pk}/")
    page.wait_for_load_state("networkidle")
    assert {address.rsplit("/", 1)[1] for address in asked if str(second.pk) in address} >= {"display", "outline"}
    assert list(ImageOpening.objects.values_list("image", flat=True)) == [first.pk]
    asked.clear()
    with page.expect_response(f"**/images/{second.pk}/opened/"):
        page.keyboard.press("n")
    page.wait_for_load_state("networkidle")
    assert not [address for address in asked if "draft" in address], "nothing was entered, so there is no draft"
    assert not [address for address in asked if address.endswith((f"{second.pk}/display", f"{second.pk}/parts/"))]
    assert set(ImageOpening.objects.values_list("image", flat=True)) == {first.pk, second.pk}


def test_keys_do_nothing_while_one_types_and_can_be_switched_off(page: Page, read: Reading) -> None:
    first, second = read(1), read(2)
    open_image(page, first)
    page.evaluate("document.getElementById('reading-panel').append(document.createElement('textarea'))")
    page.locator("#reading-panel textarea").first.press_sequentially("nnp?")
    assert page.url.endswith(f"/images/{first.pk}/")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert page.url.endswith(f"/images/{first.pk}/")
    page.get_by_label("Use these keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page).to_have_url(f"/images/{second.pk}/")


def test_a_part_of_the_page_may_hold_the_change_of_image_up(page: Page, read: Reading) -> None:
    first, second = read(1), read(2)
    open_image(page, first)
    page.evaluate("document.addEventListener('before-image-change', (event) => event.preventDefault(), { once: true })")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert page.url.endswith(f"/images/{first.pk}/")
    page.keyboard.press("n")
    expect(page).to_have_url(f"/images/{second.pk}/")


def test_when_the_session_has_ended_the_next_image_leads_to_the_sign_in(page: Page, read: Reading) -> None:
    first, second = read(1), read(2)
    open_image(page, first)
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.keyboard.press("n")
    page.wait_for_url(re.compile(rf"/sign-in/\?next=.*{second.pk}"))


def test_what_is_withheld_is_in_no_part_of_the_page(page: Page, read: Reading, administrator: User) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_image(page, read(1))
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("The suggestion is shown after your own reading.")).to_be_visible()
    for name in ("Outline of what was segmented", "Where the model looked, not proof"):
        expect(page.get_by_label(name)).to_be_hidden()
    page.keyboard.press("o")
    page.keyboard.press("m")
    assert not [address for address in asked if address.endswith(("/outline", "/map", "/mask"))]
    assert "malignant" not in page.locator("#image-page").inner_text().lower()


def test_a_damaged_picture_is_not_shown_and_the_page_says_so(page: Page, read: Reading) -> None:
    damaged, whole = read(1), read(2)
    SlideImage.objects.filter(pk=damaged.pk).update(display_sha256="ab" * 32)
    page.goto(f"/images/{damaged.pk}/")
    expect(page.get_by_text("A stored picture is damaged or missing")).to_be_visible()
    page.keyboard.press("n")
    expect(page).to_have_url(f"/images/{whole.pk}/")
    expect(page.get_by_text("A stored picture is damaged or missing")).to_be_hidden()
    wait_for_script(page, DRAWN)


def test_without_scripts_the_plain_picture_is_shown_enlarged_pixel_by_pixel(
    browser: Browser, page: Page, site: str, read: Reading
) -> None:
    first, second = read(1), read(2)
    cookies: Any = page.context.cookies()
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"/images/{first.pk}/")
    picture = plain.locator(".layers .base")
    expect(picture).to_have_css("image-rendering", "pixelated")
    assert picture.bounding_box()["width"] == 3 * 224  # type: ignore[index]  # it is visible
    expect(plain.locator("#layer-outline")).to_be_visible()
    expect(plain.locator("#layer-map")).to_be_hidden()
    expect(plain.get_by_role("button", name="Zoom in")).to_be_hidden()
    plain.get_by_role("link", name="Next image").click()
    expect(plain.get_by_text("field-2.png", exact=True)).to_be_visible()
    assert ImageOpening.objects.filter(image=second).exists()
    context.close()


def test_a_very_long_image_is_shown_whole(page: Page, read: Reading) -> None:
    image = read(1, width=112, height=20_000)
    page.goto(f"/images/{image.pk}/")
    wait_for_script(page, DRAWN)
    box, stage = page.locator("#layer-outline").bounding_box(), page.locator("[data-live]").bounding_box()
    assert box
    assert stage
    assert box["height"] <= stage["height"] + 1
    expect(page.get_by_text("is shown reduced to 2048")).to_be_visible()
