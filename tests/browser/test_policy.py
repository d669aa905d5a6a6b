"""Every page works under the policy it is served with: the browser refuses nothing of ours, and what is not ours.

The fixture `problems` holds what the browser complains about, and every test ends with it empty.
"""

import pytest
from playwright.sync_api import Page, expect

from diagnosis.models import Case, ModelVersion, Prediction
from diagnosis.services import file_store
from tests.addresses import every_address, things_of
from tests.factories import ImageFactory, PredictionFactory, drawn_png


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    sha256 = file_store.put(drawn_png(kind="Pre", seed=5))
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    return PredictionFactory.create(analysis__image=image, analysis__model_version=model)


def test_the_browser_refuses_nothing_of_any_page(page: Page, prediction: Prediction) -> None:
    visited = [path for path in every_path(prediction) if is_page(page, path)]
    assert f"/images/{prediction.analysis.image_id}/" in visited
    for path in [*visited, "/nowhere/"]:
        page.goto(path, wait_until="load")


def every_path(prediction: Prediction) -> list[str]:
    return [address.path for address in every_address(things_of(prediction))]


def is_page(page: Page, path: str) -> bool:
    """Whether there is something to draw. Pictures are seen in their page: alone, the browser makes one of its own."""
    answer = page.request.get(path)
    return answer.ok and answer.headers.get("content-type", "").startswith("text/html")


def test_the_page_about_the_api_is_drawn_from_our_own_files(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs/")
    expect(page.get_by_role("heading", name="Second Read")).to_be_visible()
    page.get_by_role("button", name="post /api/v1/tokens/", exact=True).click()
    expect(page.get_by_text("Request body").first).to_be_visible()
    here = page.url.partition("/api/")[0]
    assert [url for url in asked if not url.startswith((here, "data:image/svg"))] == []


@pytest.mark.parametrize(
    "smuggled",
    [
        "<script>document.title = 'taken'</script>",
        "<img src=x onerror=\"document.title = 'taken'\">",
        "<a id=lure href=\"javascript:document.title = 'taken'\">x</a>",
        "<style>body { display: none }</style>",
        '<iframe src="https://elsewhere.example/"></iframe>',
        '<form id=lure action="https://elsewhere.example/"><button>x</button></form>',
        '<script src="https://elsewhere.example/x.js"></script>',
    ],
)
def test_what_is_smuggled_into_a_page_does_not_run(page: Page, problems: list[str], smuggled: str) -> None:
    """Even if a name ever got into a page unescaped."""
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.route(
        "**/models/",
        lambda route: route.fulfill(
            response=(answer := route.fetch()), body=answer.text().replace("<main", f"{smuggled}<main", 1)
        ),
    )
    page.goto("/models/")
    if page.locator("#lure").count():
        page.locator("#lure").evaluate("lure => lure.requestSubmit ? lure.requestSubmit() : lure.click()")
    page.wait_for_timeout(200)
    assert page.title() != "taken"
    assert [url for url in asked if "elsewhere" in url] == []
    assert any("Content Security Policy" in problem for problem in problems)
    problems.clear()
