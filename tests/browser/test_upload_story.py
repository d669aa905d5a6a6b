"""The main job, on the real stack: a doctor drops images in, workers read them, the page shows the results."""

import math
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from clinic.models import AuditEvent
from diagnosis.models import Analysis, Case, Prediction
from diagnosis.services import file_store
from mlcore.assays import get_assay
from tests.factories import drawn_png
from tests.real import forty_real_images
from tests.stack import Stack

PATIENCE = 240_000  # milliseconds: the first worker on a machine exports its models


@pytest.fixture
def site(stack: Stack) -> str:
    """Pages of the real web server, with a worker at work."""
    stack.start_worker()
    return stack.address


def drawn(assay: str) -> list[FilePayload]:
    kinds = get_assay(assay).classes
    return [
        {
            "name": f"drawn-{number}.png",
            "mimeType": "image/png",
            "buffer": drawn_png(assay=assay, kind=kinds[number % len(kinds)], seed=number),
        }
        for number in range(12)
    ]


def drop_in_and_watch(page: Page, case: Case, files: list[FilePayload] | list[Path]) -> None:
    """Go to the case as a doctor does, choose the files, and wait until the page itself says that all is done."""
    page.goto("/patients/")
    page.get_by_role("searchbox").fill(case.patient.record_number)
    page.get_by_role("link", name=str(case.patient)).click()
    page.locator(f"a[href='/cases/{case.pk}/']").first.click()
    page.get_by_label("Choose images").set_input_files(files)
    expect(page.get_by_role("heading", name=f"{len(files)} images", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#images")).to_have_attribute("data-status", "All images are analysed.", timeout=PATIENCE)


def every_image_has_its_result(case: Case, count: int) -> None:
    analyses = Analysis.objects.filter(image__case=case)
    assert list(analyses.values_list("state", flat=True)) == ["succeeded"] * count
    predictions = Prediction.objects.filter(analysis__in=analyses)
    assert predictions.count() == count
    for prediction in predictions.select_related("analysis__image"):
        assert math.isclose(sum(prediction.probabilities.values()), 1, abs_tol=1e-9)
        for sha256 in (prediction.mask_sha256, prediction.outline_sha256, prediction.map_sha256):
            assert file_store.get(sha256).startswith(b"\x89PNG")
        trail = AuditEvent.objects.filter(patient_id=case.patient_id)
        assert trail.filter(action="image.uploaded", subject_id=prediction.analysis.image_id).count() == 1
        assert trail.filter(action="analysis.succeeded", subject_id=prediction.analysis_id).count() == 1


@pytest.mark.parametrize("assay", ["leukemia", "breast"])
def test_drawn_images_are_dropped_in_watched_and_read(page: Page, case: Case, tissue_case: Case, assay: str) -> None:
    specimen = {"leukemia": case, "breast": tissue_case}[assay]
    drop_in_and_watch(page, specimen, drawn(assay))
    every_image_has_its_result(specimen, 12)
    page.locator("#images a.card-link").first.click()
    expect(page.get_by_text("AI suggestion, not a diagnosis")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("assay", ["leukemia", "breast"])
def test_forty_real_images_are_dropped_in_watched_and_read(
    page: Page, case: Case, tissue_case: Case, real_images: Path, assay: str
) -> None:
    specimen = {"leukemia": case, "breast": tissue_case}[assay]
    drop_in_and_watch(page, specimen, forty_real_images(real_images, assay))
    every_image_has_its_result(specimen, 40)


def test_a_failed_image_says_why_and_can_be_retried(page: Page, case: Case) -> None:
    cut: FilePayload = {"name": "cut.png", "mimeType": "image/png", "buffer": drawn_png()[:-4_000]}
    drop_in_and_watch(page, case, [cut, *drawn("leukemia")[:2]])
    card = page.locator("#images li", has_text="cut.png")
    expect(card).to_contain_text("cut off")
    card.get_by_role("button", name="Retry").click()
    expect(page.locator("#images li", has_text="cut.png")).to_contain_text("cut off", timeout=PATIENCE)
    assert AuditEvent.objects.filter(action="analysis.retried").count() == 1
    assert AuditEvent.objects.filter(action="analysis.failed").count() == 2
