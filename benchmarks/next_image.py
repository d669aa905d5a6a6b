"""Time from the key press to the next image's picture drawn, in Chromium, against a running server.

    python -m benchmarks.next_image --address http://127.0.0.1:8000 --email doctor@lab.example

The password is read from the environment variable PASSWORD. Images of 224 pixels are drawn and sent by the API into
a case of a patient of their own; the browser then goes through them, waiting between the keys as a quick reader would.
"""

import argparse
import os
import shutil
import statistics

from playwright.sync_api import Page, sync_playwright

from benchmarks.client import Client
from mlcore.assays import get_assay
from mlcore.overlays import encode_png
from mlcore.synthetic import draw

ASSAY = "leukemia"
NOTE_KEYS = """
document.addEventListener("keydown", (event) => { window.pressedAt = event.timeStamp; }, { capture: true });
"""
DRAWN_SINCE = """
(before) => {
  const marks = performance.getEntriesByName("image-drawn");
  return marks.length > before && marks.at(-1).startTime - window.pressedAt;
}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--email", required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--pause", type=int, default=700, help="milliseconds between two keys")
    options = parser.parse_args()
    case = filled_case(Client.signed_in(options.address, options.email, os.environ["PASSWORD"]), options.count)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(base_url=options.address, viewport={"width": 1280, "height": 900})
        sign_in(page, options.email)
        page.goto(f"/cases/{case}/")
        page.locator("#images a.card-link").first.click()
        took = [next_image(page, options.pause) for _ in range(options.count - 1)]
        browser.close()
    quantiles = statistics.quantiles(took, n=20)
    print(f"next image, {len(took)} times: p50 {statistics.median(took):.0f} ms, p95 {quantiles[18]:.0f} ms, ", end="")
    print(f"longest {max(took):.0f} ms")


def filled_case(client: Client, count: int) -> str:
    """A case whose images are all analysed; its id."""
    case = client.new_case(ASSAY)
    kinds = get_assay(ASSAY).classes
    images = [encode_png(draw(ASSAY, kinds[seed % len(kinds)], seed)) for seed in range(count)]
    for start in range(0, count, 20):
        client.wait_for(client.upload(case, images[start : start + 20]), pause=0.1)
    return case


def sign_in(page: Page, email: str) -> None:
    """Sign in as people do."""
    page.add_init_script(NOTE_KEYS)
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(os.environ["PASSWORD"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def next_image(page: Page, pause: int) -> float:
    """Milliseconds from the key to the picture."""
    page.wait_for_timeout(pause)
    before = page.evaluate("performance.getEntriesByName('image-drawn').length")
    page.keyboard.press("n")
    return float(page.wait_for_function(DRAWN_SINCE, arg=before, timeout=20_000).json_value())


if __name__ == "__main__":
    main()
