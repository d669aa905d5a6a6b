"""Charts: drawn from their tables under the page's policy, in both themes, on narrow screens, and on paper."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.models import Patient, User
from diagnosis.models import ModelVersion
from tests.browser.watching import wait_for_script
from tests.factories import CaseFactory, ImageFactory, PredictionFactory, ReadingFactory

# What is drawn in each canvas: the colour of most of its pixels, that of the lines behind the points.
DRAWN = """
() => [...document.querySelectorAll("[data-chart] canvas")].map((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Map();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255) {
      const colour = `${data[at]},${data[at + 1]},${data[at + 2]}`;
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
  }
  return [...colours].sort((one, other) => other[1] - one[1]).slice(0, 1).map(([colour]) => colour);
})
"""


@pytest.fixture
def history(patient: Patient, model: ModelVersion) -> Patient:
    """Three specimens of a patient, the last read by another model too, and one image outside the scope."""
    other = ModelVersion.objects.create(assay="leukemia", name="other model", version="2", sha256="f" * 64, manifest={})
    for month in (1, 4, 9):
        case = CaseFactory.create(patient=patient, specimen_date=date(2026, month, 2))
        for pre in (0.2, 0.8):
            predicted(case, model, pre)
    predicted(case, other, 0.5)
    predicted(case, model, 0.5, verdict="out_of_scope", label="", prediction_set=[])
    return patient


def predicted(case: Any, model: ModelVersion, pre: float, **fields: Any) -> Any:
    probabilities = {"Benign": 1 - pre, "Early": 0.0, "Pre": pre, "Pro": 0.0}
    image = ImageFactory.create(case=case)
    fields |= {"mask_sha256": "0" * 64, "outline_sha256": "0" * 64, "map_sha256": ""}  # no picture is looked at
    return PredictionFactory.create(
        analysis__image=image, analysis__model_version=model, probabilities=probabilities, **fields
    )


@pytest.fixture
def read(history: Patient, owner: User) -> None:
    """Enough readings to tell shares of."""
    case = history.cases.order_by("specimen_date")[0]
    for number in range(25):
        prediction = predicted(case, ModelVersion.objects.get(name="test model"), 0.9)
        label = "Pre" if number % 5 else "Pro"
        ReadingFactory.create(
            image=prediction.analysis.image, reader=owner, label=label, prediction=prediction, opened_at=timezone.now()
        )


def test_each_class_has_a_chart_and_the_table_below_holds_its_figures(page: Page, history: Patient) -> None:
    page.goto(f"/patients/{history.pk}/")
    for name in ("Benign", "Early", "Pre", "Pro"):
        expect(page.get_by_role("img", name=f"probability of {name} over time")).to_be_visible()
    expect(page.get_by_role("img", name="images outside what the model knows")).to_be_visible()
    assert all(page.evaluate(DRAWN))
    page.get_by_text("The figures of these charts").click()
    table = page.locator("#course-leukemia")
    expect(table.get_by_role("row")).to_have_count(5)
    expect(table).to_contain_text("50\u00a0% 20\u00a0% to 80\u00a0%")
    expect(page.get_by_role("list", name="Models and their shapes")).to_contain_text("▲")


def test_points_are_where_the_table_says_and_each_model_has_its_shape(page: Page, history: Patient) -> None:
    page.goto(f"/patients/{history.pk}/")
    page.locator("[data-chart] canvas").first.wait_for()
    drawn = page.evaluate(
        """() => Chart.getChart(document.querySelectorAll("[data-chart] canvas")[2]).data.datasets
            .map(({ pointStyle, data }) => [pointStyle, data.map(({ y, low, high }) => [y, low, high])])"""
    )
    assert drawn == [
        ["circle", [[0.5, 0.2, 0.8]] * 3],
        ["triangle", [[0.5, 0.5, 0.5]]],
    ]


@pytest.mark.usefixtures("read")
def test_charts_follow_the_theme_and_go_light_on_paper(page: Page, history: Patient) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"/patients/{history.pk}/")
    page.locator("[data-chart] canvas").first.wait_for()
    light = page.evaluate(DRAWN)
    page.get_by_role("button", name="Dark colours").click()
    wait_for_script(page, f"light => JSON.stringify(({DRAWN.strip()})()) !== JSON.stringify(light)", light)
    dark = page.evaluate(DRAWN)
    assert not {colour for chart in light for colour in chart} & {colour for chart in dark for colour in chart}
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(DRAWN) == light
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(DRAWN) == dark


@pytest.mark.usefixtures("read")
@pytest.mark.parametrize("width", [390, 1280])
def test_agreement_is_drawn_beside_its_figures(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    page.goto("/agreement/mine/")
    for name in ("By month", "By suggested class", "By model"):
        for share in ("share that agreed", "share that said another class"):
            expect(page.get_by_role("img", name=f"{name}: {share}")).to_be_visible()
    expect(page.locator("#by-model")).to_contain_text("80\u00a0%")
    assert all(page.evaluate(DRAWN))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_specimens_are_compared_by_keyboard_alone(page: Page, history: Patient) -> None:
    page.goto(f"/patients/{history.pk}/")
    page.get_by_role("link", name="Compare two specimens").press("Enter")
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    first = page.get_by_label("One specimen")
    first.focus()
    chosen = first.input_value()
    page.keyboard.press("End")
    assert first.input_value() != chosen
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page.get_by_role("heading", name="Specimen of 2 Jan 2026")).to_be_visible()
