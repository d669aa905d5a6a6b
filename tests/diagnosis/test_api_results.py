"""Images, their pictures, and predictions through the API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.models import AuditEvent, User
from diagnosis.models import Case, ModelState, Prediction
from diagnosis.services import file_store
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PredictionFactory,
    drawn_png,
)

Api = Callable[[str], Any]
IMAGES = "/api/v1/images/"
PREDICTIONS = "/api/v1/predictions/"


@pytest.fixture
def prediction(case: Case) -> Prediction:
    """A prediction on an analysed image of the owner's case."""
    image = ImageFactory.create(
        case=case,
        display_sha256=file_store.put(drawn_png(seed=11)),
        thumbnail_sha256=file_store.put(drawn_png(seed=12)),
    )
    prediction: Prediction = PredictionFactory.create(analysis__image=image)
    return prediction


def test_a_prediction_tells_what_the_model_said_digit_for_digit(prediction: Prediction, api: Api) -> None:
    found = api("owner").get(f"{PREDICTIONS}{prediction.pk}/").json()
    assert found["notice"] == "AI suggestion, not a diagnosis."
    for name in ("verdict", "label", "malignant_probability", "confidence", "probabilities", "prediction_set"):
        assert found[name] == getattr(prediction, name)
    model = prediction.analysis.model_version
    assert (found["model"]["sha256"], found["model"]["version"]) == (prediction.model_sha256, model.version)


def test_floats_keep_every_digit(case: Case, api: Api) -> None:
    exact = 0.1 + 0.2
    prediction = PredictionFactory.create(analysis__image=ImageFactory(case=case), malignant_probability=exact)
    assert api("owner").get(f"{PREDICTIONS}{prediction.pk}/").json()["malignant_probability"] == exact


def test_a_prediction_leads_to_everything_it_rests_on(prediction: Prediction, api: Api) -> None:
    client = api("owner")
    found = client.get(f"{PREDICTIONS}{prediction.pk}/").json()
    links = [found["url"], found["analysis_url"], found["image_url"], found["model"]["url"], *found["files"].values()]
    assert [client.get(link).status_code for link in links] == [200] * 7
    image = prediction.analysis.image
    assert (found["case"], found["patient"]) == (str(image.case_id), str(image.case.patient_id))


def test_predictions_are_listed_by_case_and_patient(prediction: Prediction, case: Case, api: Api) -> None:
    other = PredictionFactory.create(
        analysis__image__case=CaseFactory(patient=case.patient),
        analysis__model_version=prediction.analysis.model_version,
    )
    client = api("owner")
    assert len(client.get(PREDICTIONS, {"patient": case.patient_id}).json()["results"]) == 2
    (listed,) = client.get(PREDICTIONS, {"case": other.analysis.image.case_id}).json()["results"]
    assert listed["id"] == str(other.pk)


def test_an_image_tells_its_size_and_leads_to_its_pictures(prediction: Prediction, api: Api) -> None:
    client, image = api("owner"), prediction.analysis.image
    found = client.get(f"{IMAGES}{image.pk}/").json()
    assert (found["width"], found["height"], found["sha256"]) == (224, 224, image.sha256)
    assert [one["state"] for one in found["analyses"]] == ["succeeded"]
    stored = {"display": image.display_sha256, "thumbnail": image.thumbnail_sha256, "mask": prediction.mask_sha256}
    for kind, digest in stored.items():
        answer = client.get(found["files"][kind], HTTP_ACCEPT="image/png")
        assert answer.content == file_store.get(digest)
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_newest_prediction_draws_an_images_overlays(prediction: Prediction, api: Api) -> None:
    retired = ModelVersionFactory.create(state=ModelState.RETIRED)
    newer = PredictionFactory.create(
        analysis__image=prediction.analysis.image,
        analysis__model_version=retired,
        mask_sha256=file_store.put(drawn_png(seed=21)),
    )
    client = api("owner")
    newest = client.get(f"{IMAGES}{prediction.analysis.image_id}/files/mask/").content
    assert newest == file_store.get(newer.mask_sha256)
    own = client.get(f"{PREDICTIONS}{prediction.pk}/files/mask/").content
    assert own == file_store.get(prediction.mask_sha256)


def test_pictures_that_are_not_drawn_yet_have_no_address(case: Case, api: Api) -> None:
    image = AnalysisFactory.create(image__case=case).image
    client = api("owner")
    assert set(client.get(f"{IMAGES}{image.pk}/").json()["files"].values()) == {None}
    answer = client.get(f"{IMAGES}{image.pk}/files/display/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_ready")


@pytest.mark.parametrize("kind", ["original", "display%00", "DISPLAY", "__class__"])
def test_other_kinds_of_pictures_do_not_exist(prediction: Prediction, api: Api, kind: str) -> None:
    client = api("owner")
    for base in (f"{IMAGES}{prediction.analysis.image_id}", f"{PREDICTIONS}{prediction.pk}"):
        assert client.get(f"{base}/files/{kind}/").json()["code"] == "not_found"


def test_a_damaged_picture_is_refused(prediction: Prediction, api: Api, settings: Settings) -> None:
    sha256 = prediction.mask_sha256
    path = Path(settings.MEDIA_ROOT) / "sha256" / sha256[:2] / sha256[2:4] / sha256
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    answer = api("owner").get(f"{PREDICTIONS}{prediction.pk}/files/mask/")
    assert (answer.status_code, answer.json()["code"]) == (503, "damaged_file")
    path.unlink()
    assert api("owner").get(f"{IMAGES}{prediction.analysis.image_id}/files/mask/").status_code == 503


def test_a_network_without_a_map_has_no_address_for_one(case: Case, api: Api) -> None:
    without = PredictionFactory.create(analysis__image=ImageFactory(case=case), map_sha256="")
    address = f"{PREDICTIONS}{without.pk}/"
    files = api("owner").get(address).json()["files"]
    assert files["map"] is None
    assert files["mask"].endswith("/files/mask/")
    answer = api("owner").get(f"{address}files/map/")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_map")


def test_every_read_is_noted_for_the_patient(prediction: Prediction, owner: User, api: Api) -> None:
    client, image = api("owner"), prediction.analysis.image
    client.get(IMAGES)
    client.get(f"{IMAGES}{image.pk}/")
    client.get(f"{IMAGES}{image.pk}/files/display/")
    client.get(PREDICTIONS)
    client.get(f"{PREDICTIONS}{prediction.pk}/")
    client.get(f"{PREDICTIONS}{prediction.pk}/files/map/")
    events = AuditEvent.objects.filter(patient_id=image.case.patient_id, actor=owner).order_by("id")
    assert [event.action for event in events] == [
        "images.listed",
        "image.viewed",
        "image.viewed",
        "predictions.listed",
        "prediction.viewed",
        "prediction.viewed",
    ]
    assert [event.detail.get("file") for event in events] == [None, None, "display", None, None, "map"]


@pytest.mark.parametrize(("address", "queries"), [(IMAGES, 9), (PREDICTIONS, 7)])
def test_a_list_takes_as_many_queries_for_many_as_for_one(
    case: Case, api: Api, django_assert_num_queries: DjangoAssertNumQueries, address: str, queries: int
) -> None:
    model = ModelVersionFactory.create()
    for _ in range(6):
        PredictionFactory.create(analysis__image=ImageFactory(case=case), analysis__model_version=model)
    client = api("owner")
    # The token, the person's tokens, the token's use, the count of requests, the page, the trail; for images their
    # analyses, predictions.
    with django_assert_num_queries(queries):
        assert len(client.get(address).json()["results"]) == 6


def test_models_are_listed_by_assay_and_state(owner: User, api: Api) -> None:
    active = ModelVersionFactory.create()
    ModelVersionFactory.create(state=ModelState.RETIRED)
    ModelVersionFactory.create(assay="breast")
    listed = api("owner").get("/api/v1/models/?assay=leukemia&state=active").json()["results"]
    assert [model["id"] for model in listed] == [str(active.pk)]
