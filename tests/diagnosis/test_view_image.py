"""An image's page: the result in words and figures, or why there is none."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from clinic.models import AuditEvent
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, Prediction, SlideImage
from diagnosis.services import file_store
from diagnosis.views.results import percentage
from tests.factories import AnalysisFactory, ImageFactory, ModelVersionFactory, PredictionFactory, drawn_png

SPACE = "\N{NO-BREAK SPACE}"


def predicted(case: Case, model: ModelVersion, **fields: Any) -> SlideImage:
    sha256 = file_store.put(drawn_png(seed=9))
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    PredictionFactory.create(analysis__image=image, analysis__model_version=model, **fields)
    return image


def page_of(client: Client, image: SlideImage) -> str:
    """The page's source with every run of spaces, also unbreakable ones, as one space."""
    return " ".join(client.get(f"/images/{image.pk}/").content.decode().split())


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (1.0, "> 99 %"),
        (0.9951, "> 99 %"),
        (0.99, "99 %"),
        (0.5, "50 %"),
        (0.01, "1 %"),
        (0.004, "< 1 %"),
        (0.0, "< 1 %"),
    ],
)
def test_no_figure_promises_certainty(probability: float, said: str) -> None:
    assert percentage(probability) == said.replace(" ", SPACE)


def test_it_says_first_whether_the_image_is_malignant(owner_client: Client, case: Case, model: ModelVersion) -> None:
    page = page_of(owner_client, predicted(case, model))
    assert "AI suggestion, not a diagnosis" in page
    assert page.index(">Malignant</h1>") < page.index("95 %") < page.index('<img class="base')
    assert page.index('<img class="base') < page.index("Class by class")
    assert "The model suggests the class Pre." in page


def test_the_malignant_classes_are_summed(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(
        case,
        model,
        label="Benign",
        malignant_probability=0.12,
        probabilities={"Benign": 0.88, "Early": 0.06, "Pre": 0.04, "Pro": 0.02},
        prediction_set=["Benign"],
    )
    page = page_of(owner_client, image)
    assert ">Not malignant</h1>" in page
    assert "12 %" in page


def test_every_class_has_a_bar_in_the_assays_order(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(case, model, probabilities={"Pro": 0.02, "Pre": 0.9, "Early": 0.03, "Benign": 0.05})
    result = owner_client.get(f"/images/{image.pk}/").context["result"]
    assert [(bar.label, bar.width) for bar in result.bars] == [
        ("Benign", "5.00%"),
        ("Early", "3.00%"),
        ("Pre", "90.00%"),
        ("Pro", "2.00%"),
    ]


def test_an_uncertain_image_is_referred_and_the_possible_classes_named(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    image = predicted(case, model, verdict="refer", prediction_set=["Early", "Benign"])
    page = page_of(owner_client, image)
    assert "Refer to a second reader" in page
    assert ">Malignant or not: uncertain</h1>" in page
    assert "The model cannot tell Benign and Early apart here." in page


@pytest.mark.parametrize(
    ("possible", "malignant", "headline"),
    [
        (["Pre", "Pro"], 0.90, "Malignant, class uncertain"),
        (["Pro"], 0.99, "Malignant, class uncertain"),
        (["Pro"], 0.80, "Malignant or not: uncertain"),
        (["Benign"], 0.20, "Malignant or not: uncertain"),
        (["Benign"], 0.03, "Malignant or not: uncertain"),
        ([], 0.99, "Malignant, class uncertain"),
        ([], 0.01, "Malignant or not: uncertain"),
        ([], 0.60, "Malignant or not: uncertain"),
    ],
)
def test_malignant_or_not_is_said_where_only_the_class_is_uncertain(
    owner_client: Client, case: Case, model: ModelVersion, possible: list[str], malignant: float, headline: str
) -> None:
    referred = predicted(case, model, verdict="refer", prediction_set=possible, malignant_probability=malignant)
    page = page_of(owner_client, referred)
    assert f">{headline}</h1>" in page
    assert "Refer to a second reader" in page


def test_outside_what_the_model_knows_there_is_no_class_no_figure_and_no_map(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    image = predicted(case, model, verdict="out_of_scope", label="", prediction_set=[])
    page = page_of(owner_client, image)
    assert "Outside what this model knows" in page
    assert "95 %" not in page
    assert "Class by class" not in page
    assert "layer-map" not in page
    assert "probability of a malignant class" not in page
    card = owner_client.get(f"/cases/{case.pk}/images/").content.decode()
    assert f"95{SPACE}%" not in card


def test_a_network_without_a_map_offers_none(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(case, model, map_sha256="")
    page = page_of(owner_client, image)
    assert "layer-outline" in page
    assert "layer-map" not in page
    assert re.search(r'<fieldset [^>]*data-layer="map"[^>]* hidden>', page)
    assert "data-map" not in page
    assert owner_client.get(f"/images/{image.pk}/map").status_code == 404


def test_the_model_is_named_and_leads_to_its_card(owner_client: Client, case: Case, model: ModelVersion) -> None:
    page = page_of(owner_client, predicted(case, model))
    assert f'<a href="/models/{model.pk}/">test model 1</a>' in page


def test_neighbours_follow_the_order_of_the_case(owner_client: Client, case: Case, model: ModelVersion) -> None:
    first, second, third = (
        predicted(case, model) if seed == 1 else ImageFactory.create(case=case) for seed in range(3)
    )
    place = owner_client.get(f"/images/{second.pk}/").context["place"]
    assert (place.previous, place.number, place.total, place.following) == (first.pk, 2, 3, third.pk)
    assert owner_client.get(f"/images/{first.pk}/").context["place"].previous is None
    assert owner_client.get(f"/images/{third.pk}/").context["place"].following is None


def test_an_image_that_no_model_has_met_is_said_to_have_no_result(owner_client: Client, case: Case) -> None:
    assert "There is no result for this image." in page_of(owner_client, ImageFactory.create(case=case))


@pytest.fixture
def failed(case: Case, model: ModelVersion) -> Analysis:
    analysis = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
    rows = Analysis.objects.filter(pk=analysis.pk)
    rows.update(state=AnalysisState.RUNNING, lease_token=uuid.uuid4(), lease_expires_at="2999-01-01T00:00Z")
    rows.update(
        state=AnalysisState.FAILED,
        lease_token=None,
        lease_expires_at=None,
        finished_at="2026-01-01T00:00Z",
        failure_code="truncated",
        failure_message="The file is cut off: a part of the image is missing.",
    )
    analysis.refresh_from_db()
    return analysis


def test_a_failed_image_says_why_and_can_be_retried(owner_client: Client, failed: Analysis) -> None:
    page = page_of(owner_client, failed.image)
    assert "The file is cut off: a part of the image is missing." in page
    response = owner_client.post(f"/analyses/{failed.pk}/retry/")
    assert response["Location"] == f"/images/{failed.image_id}/"
    failed.refresh_from_db()
    assert failed.state == AnalysisState.QUEUED
    assert AuditEvent.objects.filter(action="analysis.retried").count() == 1
    assert "Number 1 in the queue." in page_of(owner_client, failed.image)


def test_a_second_click_on_retry_changes_nothing(owner_client: Client, failed: Analysis) -> None:
    for _ in range(2):
        response = owner_client.post(f"/analyses/{failed.pk}/retry/", {"back": "case"})
        assert response["Location"] == f"/cases/{failed.image.case_id}/"
    assert AuditEvent.objects.filter(action="analysis.retried").count() == 1


def test_nothing_is_retried_by_a_link(owner_client: Client, failed: Analysis) -> None:
    assert owner_client.get(f"/analyses/{failed.pk}/retry/").status_code == 405


def test_the_waiting_page_polls_a_fragment_without_a_result_and_then_asks_for_the_page(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    analysis = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
    address = f"/images/{analysis.image_id}/state/"
    assert "Number 1 in the queue." in owner_client.get(address).content.decode()
    assert owner_client.get(address, {"seen": "queued-1"}).status_code == 204
    done = predicted(case, model)
    response = owner_client.get(f"/images/{done.pk}/state/")
    assert (response["HX-Refresh"], response.content) == ("true", b"")


@pytest.mark.parametrize("kind", ["display", "thumbnail", "mask", "outline", "map"])
def test_pictures_come_as_png_and_are_kept_nowhere(
    owner_client: Client, case: Case, model: ModelVersion, kind: str
) -> None:
    response = owner_client.get(f"/images/{predicted(case, model).pk}/{kind}")
    assert response.content.startswith(b"\x89PNG")
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["original", "sha256", "DISPLAY", "map_sha256"])
def test_there_is_no_other_kind_of_picture_least_of_all_the_original(
    owner_client: Client, case: Case, model: ModelVersion, kind: str
) -> None:
    assert owner_client.get(f"/images/{predicted(case, model).pk}/{kind}").status_code == 404


@pytest.mark.parametrize("kind", ["display", "thumbnail", "mask", "outline", "map"])
def test_before_the_analysis_there_is_no_picture(owner_client: Client, case: Case, kind: str) -> None:
    assert owner_client.get(f"/images/{ImageFactory.create(case=case).pk}/{kind}").status_code == 404


def test_a_picture_with_a_flipped_bit_is_refused(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(case, model)
    digest = Prediction.objects.get().map_sha256
    stored = Path(default_storage.path(f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"))
    content = bytearray(stored.read_bytes())
    content[100] ^= 1
    stored.write_bytes(content)
    response = owner_client.get(f"/images/{image.pk}/map")
    assert response.status_code == 500
    assert response.content == b"The stored picture is damaged and is not shown.\n"


def test_an_older_models_result_gives_way_to_the_newer_models(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    image = predicted(case, model)
    newer = ModelVersionFactory.create(state="candidate", name="newer", version="2")
    PredictionFactory.create(analysis__image=image, analysis__model_version=newer, label="Pro")
    page = page_of(owner_client, image)
    assert "newer 2" in page
    assert "The model suggests the class Pro." in page
