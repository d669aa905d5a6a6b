"""Going from image to image: the parts of a page, the strip, and when an image counts as opened."""

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, User
from diagnosis.models import AnalysisState, AssayPolicy, Case, ImageOpening, ModelVersion, SlideImage
from diagnosis.selectors.strip import strip_of
from diagnosis.services import file_store
from mlcore.overlays import encode_png
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory, ReadingFactory, drawn_png, upload

PARTS = ("head", "withdrawn", "suggestion", "picture", "caption", "panel", "details")


@pytest.fixture
def predicted(case: Case, model: ModelVersion) -> SlideImage:
    sha256 = file_store.put(drawn_png(seed=9))
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    PredictionFactory.create(analysis__image=image, analysis__model_version=model)
    return image


@pytest.fixture
def blinded(administrator: User) -> None:
    """Leukemia is read first without the suggestion."""
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)


@pytest.mark.parametrize("address", ["", "parts/"])
def test_page_and_parts_hold_the_same_parts(owner_client: Client, predicted: SlideImage, address: str) -> None:
    page = owner_client.get(f"/images/{predicted.pk}/{address}").content.decode()
    assert [page.count(f'data-part="{part}"') for part in PARTS] == [1] * len(PARTS)
    assert page.count('data-part="') == len(PARTS)


def test_parts_without_a_picture_have_the_same_places(owner_client: Client, case: Case) -> None:
    image = ImageFactory.create(case=case)
    page = owner_client.get(f"/images/{image.pk}/parts/").content.decode()
    assert [page.count(f'data-part="{part}"') for part in PARTS] == [1] * len(PARTS)


def test_the_page_opens_the_image_and_its_parts_do_not(
    owner_client: Client, owner: User, predicted: SlideImage
) -> None:
    owner_client.get(f"/images/{predicted.pk}/parts/")
    assert not ImageOpening.objects.exists()
    assert AuditEvent.objects.filter(action="image.viewed", actor=owner, subject_id=predicted.pk).count() == 1
    owner_client.get(f"/images/{predicted.pk}/")
    assert ImageOpening.objects.get().image == predicted


def test_the_page_tells_when_an_image_is_shown_and_twice_is_one_opening(
    owner_client: Client, owner: User, predicted: SlideImage
) -> None:
    for _ in range(2):
        assert owner_client.post(f"/images/{predicted.pk}/opened/").status_code == 204
    assert ImageOpening.objects.get().reader == owner


def test_no_link_opens_an_image(owner_client: Client, predicted: SlideImage) -> None:
    assert owner_client.get(f"/images/{predicted.pk}/opened/").status_code == 405


@pytest.mark.parametrize("address", ["", "parts/"])
def test_a_withheld_suggestion_is_in_no_part(
    owner_client: Client, predicted: SlideImage, blinded: None, address: str
) -> None:
    page = owner_client.get(f"/images/{predicted.pk}/{address}").content.decode()
    assert "The suggestion is shown after your own reading." in page
    assert f"/images/{predicted.pk}/display" in page
    for given_away in (
        "data-outline",
        "data-map",
        "layer-outline",
        "probability",
        "class Pre",
        "Class by class",
        "Segmented",
    ):
        assert given_away not in page, given_away
    for kind in ("mask", "outline", "map"):
        assert owner_client.get(f"/images/{predicted.pk}/{kind}").status_code == 404


def test_it_is_shown_once_the_person_has_read_the_image(
    owner_client: Client, owner: User, predicted: SlideImage, blinded: None
) -> None:
    ReadingFactory.create(image=predicted, reader=owner)
    page = owner_client.get(f"/images/{predicted.pk}/parts/").content.decode()
    assert "The model suggests the class Pre." in page
    assert owner_client.get(f"/images/{predicted.pk}/outline").status_code == 200


def test_the_strip_says_how_far_each_image_is_and_what_the_person_has_read(
    case: Case, owner: User, colleague: User, predicted: SlideImage, model: ModelVersion
) -> None:
    waiting = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model).image
    ReadingFactory.create(image=predicted, reader=owner)
    ReadingFactory.create(image=waiting, reader=colleague)
    strip = strip_of(case=case, person=owner)
    assert [(one.pk, one.number, one.state, one.is_read, one.has_thumbnail) for one in strip] == [
        (predicted.pk, 1, AnalysisState.SUCCEEDED, True, True),
        (waiting.pk, 2, AnalysisState.QUEUED, False, False),
    ]


def test_the_strip_gives_no_verdict_away(owner_client: Client, predicted: SlideImage) -> None:
    page = owner_client.get(f"/images/{predicted.pk}/").content.decode()
    strip = page[page.index('id="strip"') : page.index("</ol>")]
    assert "not read by you" in strip
    for word in ("alignant", "refer", "outside", "Pre", "%"):
        assert word not in strip


def test_a_page_asks_as_many_questions_for_five_hundred_images_as_for_five(
    owner_client: Client, case: Case, predicted: SlideImage
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = owner_client.get(f"/images/{predicted.pk}/")
        assert page.status_code == 200
        return len(asked)

    ImageFactory.create_batch(4, case=case)
    questions()  # what is asked only once
    few = questions()
    ImageFactory.create_batch(495, case=case)
    assert questions() == few
    page = owner_client.get(f"/images/{predicted.pk}/").content.decode()
    assert page.count("data-image-link") == 500 + 1
    assert "Image 1 of 500" in page


def test_a_large_image_is_said_to_be_shown_reduced(owner_client: Client, predicted: SlideImage) -> None:
    reduced = "is shown reduced to 2048"
    assert reduced not in owner_client.get(f"/images/{predicted.pk}/").content.decode()
    SlideImage.objects.filter(pk=predicted.pk).update(width=7000, height=7000)
    assert reduced in owner_client.get(f"/images/{predicted.pk}/").content.decode()


def test_an_image_of_one_pixel_by_many_is_refused_with_a_sentence(
    owner_client: Client, case: Case, model: ModelVersion
) -> None:
    sent = upload(content=encode_png(np.zeros((20_000, 1, 3), np.uint8)))
    answer = owner_client.post(f"/cases/{case.pk}/images/", {"images": sent})
    assert answer.status_code == 400
    assert "The image is too small to be examined." in answer.content.decode()


@pytest.mark.parametrize(
    ("possible", "said"),
    [(["Pro", "Early"], "<strong>Early, Pro</strong>"), ([], "No class is probable enough to be named as possible.")],
)
def test_the_prediction_set_is_named_in_the_assays_order(
    owner_client: Client, case: Case, model: ModelVersion, possible: list[str], said: str
) -> None:
    image = ImageFactory.create(case=case)
    fields = {"verdict": "refer", "prediction_set": possible}
    PredictionFactory.create(analysis__image=image, analysis__model_version=model, **fields)
    assert said in owner_client.get(f"/images/{image.pk}/parts/").content.decode()
