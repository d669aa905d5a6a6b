"""Whatever is withheld finds no way out: every address is walked by a doctor who has not read the image."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import Patient, User
from diagnosis.models import (
    Analysis,
    AssayPolicy,
    Case,
    Prediction,
    Reading,
    ReadingRequest,
    Reanalysis,
    ReanalysisScope,
    RequestKind,
    SlideImage,
)
from diagnosis.services import file_store
from diagnosis.services.assay_policies import set_blinded_first_read
from tests.addresses import every_address, things_of
from tests.diagnosis.reading_help import read
from tests.factories import ImageFactory, ModelVersionFactory, PredictionFactory, ReadingFactory, drawn_png

COMMENT = "seen-by-the-colleague-alone"
CHANGE = "the-colleague-thought-again"
FIGURES = (
    "0.8317",
    "83\N{NO-BREAK SPACE}%",
    "0.9421",
    "94\N{NO-BREAK SPACE}%",
    "0.3141",
    "0.0777",
    "31\N{NO-BREAK SPACE}%",
)
WORDS = ("The model suggests the class", "The model is confident", "Agree: ")


@pytest.fixture
def prediction(case: Case) -> Prediction:
    """A suggestion whose every figure and digest is like no other, on an image of which there is a picture."""
    picture = file_store.put(drawn_png(seed=40))
    image = ImageFactory.create(case=case, display_sha256=picture, thumbnail_sha256=picture)
    return PredictionFactory.create(
        analysis__image=image,
        confidence=0.8317,
        malignant_probability=0.9421,
        probabilities={"Benign": 0.0579, "Early": 0.0777, "Pre": 0.8317, "Pro": 0.0327},
        in_scope_score=0.3141,
        mask_area_fraction=0.3141,
    )


@pytest.fixture
def image(prediction: Prediction) -> SlideImage:
    return prediction.analysis.image


@pytest.fixture
def others_reading(image: SlideImage, colleague: User) -> Reading:
    """A colleague's reading, corrected."""
    first = ReadingFactory.create(image=image, reader=colleague, label="Early", comment=COMMENT)
    return ReadingFactory.create(
        image=image, reader=colleague, label="Early", comment=COMMENT, replaces=first, change_reason=CHANGE
    )


@pytest.fixture
def blinded(administrator: User) -> None:
    set_blinded_first_read(assay="leukemia", is_blinded=True, changed_by=administrator)


def secrets_of(prediction: Prediction, reading: Reading) -> list[str]:
    """What nobody blinded may find anywhere, in any form in which it could leave."""
    digests = [prediction.mask_sha256, prediction.outline_sha256, prediction.map_sha256]
    ids = [str(prediction.pk), str(reading.pk), str(reading.replaces_id)]
    return [*digests, *(digest[:12] for digest in digests), *ids, *FIGURES, *WORDS, COMMENT, CHANGE]


def ways_out(prediction: Prediction, reading: Reading) -> list[str]:
    """Every address that can be read, with the kinds of picture and the filters that lists have."""
    things = things_of(prediction) | {"readings": reading.pk}
    paths = [one.path for one in every_address(things)]
    image = prediction.analysis.image_id
    pictures = [
        address
        for kind in ("mask", "outline", "map")
        for address in (
            f"/images/{image}/{kind}",
            f"/api/v1/images/{image}/files/{kind}/",
            f"/api/v1/predictions/{prediction.pk}/files/{kind}/",
        )
    ]
    lists = [f"/api/v1/{name}/?image={image}" for name in ("analyses", "readings")]
    return [*paths, *pictures, *lists, f"/cases/{prediction.analysis.image.case_id}/images/?page=1"]


def everything_told(web: Client, program: APIClient, addresses: list[str]) -> dict[str, str]:
    """All of what each address answers, headers too."""
    told = {}
    for address in addresses:
        client: Any = program if address.startswith("/api/") else web
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        told[address] = f"{dict(answer.headers)}\n{body.decode(errors='replace')}"
    return told


def found(told: dict[str, str], secrets: list[str]) -> list[tuple[str, str]]:
    """Which secret stands in which answer; the address itself, which an answer may repeat, says nothing."""
    return [
        (address, secret) for address, text in told.items() for secret in secrets if secret in text.replace(address, "")
    ]


@pytest.fixture
def told_to_owner(
    web: Callable[[str], Client], api: Callable[[str], APIClient], prediction: Prediction, others_reading: Reading
) -> Callable[[], dict[str, str]]:
    return lambda: everything_told(web("owner"), api("owner"), ways_out(prediction, others_reading))


Walk = Callable[[], dict[str, str]]


@pytest.mark.usefixtures("blinded")
def test_no_address_tells_a_blinded_doctor_anything(
    told_to_owner: Walk, prediction: Prediction, others_reading: Reading
) -> None:
    assert found(told_to_owner(), secrets_of(prediction, others_reading)) == []


def test_no_address_tells_a_second_reader_anything(
    told_to_owner: Walk, prediction: Prediction, others_reading: Reading, owner: User, colleague: User
) -> None:
    ReadingRequest.objects.create(
        image=prediction.analysis.image, kind=RequestKind.SECOND, asked_of=owner, asked_by=colleague
    )
    assert found(told_to_owner(), secrets_of(prediction, others_reading)) == []


@pytest.mark.usefixtures("blinded")
def test_the_walk_finds_all_of_it_once_the_doctor_has_read(
    told_to_owner: Walk, prediction: Prediction, others_reading: Reading, owner: User
) -> None:
    """Were it to look in the wrong places, the tests above would find nothing amiss."""
    read(prediction.analysis.image, owner)
    everywhere = {secret for _, secret in found(told_to_owner(), secrets_of(prediction, others_reading))}
    for secret in (str(prediction.pk), str(others_reading.pk), COMMENT, CHANGE, *FIGURES[:3]):
        assert secret in everywhere, secret


@pytest.fixture
def earlier(prediction: Prediction, owner: User) -> Prediction:
    """What a version before said of the image, before it was read anew."""
    Reanalysis.objects.create(
        model_version=prediction.analysis.model_version,
        requested_by=owner,
        scope=ReanalysisScope.CASE,
        case=prediction.analysis.image.case,
        expected=1,
    )
    earlier = PredictionFactory.create(
        analysis__image=prediction.analysis.image,
        analysis__model_version=ModelVersionFactory.create(state="retired", version="0"),
        label="Benign",
        malignant_probability=0.2619,
        probabilities={"Benign": 0.7381, "Early": 0.1291, "Pre": 0.0917, "Pro": 0.0411},
    )
    Analysis.objects.filter(pk=earlier.analysis_id).update(created_at=prediction.analysis.created_at - timedelta(1))
    return earlier


EARLIER = ("0.2619", "0.7381", "74\N{NO-BREAK SPACE}%", "0.1291", "image-results", "newer-result")


@pytest.mark.usefixtures("blinded")
def test_no_address_tells_a_blinded_doctor_what_any_version_said(
    told_to_owner: Walk, earlier: Prediction, prediction: Prediction, others_reading: Reading, owner: User
) -> None:
    secrets = [*secrets_of(prediction, others_reading), *EARLIER, str(earlier.pk)]
    assert found(told_to_owner(), secrets) == []
    read(prediction.analysis.image, owner)
    everywhere = {secret for _, secret in found(told_to_owner(), secrets)}
    assert {*EARLIER[:5], str(earlier.pk), str(prediction.pk)} <= everywhere


@pytest.mark.usefixtures("blinded")
def test_what_is_told_before_is_the_same_whatever_the_model_said(
    web: Callable[[str], Client], case: Case, image: SlideImage
) -> None:
    """Counts, the digest of the list, orders and places say nothing between the lines."""
    other = PredictionFactory.create(
        analysis__image=ImageFactory.create(case=case, display_sha256=image.display_sha256),
        analysis__model_version=image.analyses.get().model_version,
        verdict="out_of_scope",
        label="",
        prediction_set=[],
    )
    page = web("owner").get(f"/cases/{case.pk}/images/").content.decode()
    one, two = (page.split(f'id="open-{pk}"')[1].split("</li>")[0] for pk in (image.pk, other.analysis.image_id))
    plain = [
        text.split('class="file"')[0].replace(str(pk), "")
        for text, pk in ((one, image.pk), (two, other.analysis.image_id))
    ]
    assert plain[0] == plain[1]


@pytest.mark.usefixtures("blinded", "others_reading")
def test_the_api_says_that_something_is_withheld(
    api: Callable[[str], APIClient], prediction: Prediction, owner: User
) -> None:
    address = f"/api/v1/analyses/{prediction.analysis_id}/"
    before = api("owner").get(address).json()
    assert (before["withheld"], before["prediction"], before["prediction_url"]) == (True, None, None)
    read(prediction.analysis.image, owner)
    after = api("owner").get(address).json()
    assert (after["withheld"], after["prediction"]) == (False, str(prediction.pk))


@pytest.mark.usefixtures("blinded")
def test_a_record_is_exported_only_by_whom_nothing_is_withheld_from(
    web: Callable[[str], Client], api: Callable[[str], APIClient], prediction: Prediction, patient: Patient, owner: User
) -> None:
    refused = web("owner").post(f"/patients/{patient.pk}/export/")
    assert refused.status_code == 400
    assert "withheld from you until you have read" in refused.content.decode()
    told = api("owner").get(f"/api/v1/patients/{patient.pk}/export/")
    assert (told.status_code, told.json()["code"]) == (409, "withheld")
    read(prediction.analysis.image, owner)
    answer = web("owner").post(f"/patients/{patient.pk}/export/")
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer))).namelist()
    assert f"predictions/{prediction.pk}-mask.png" in names


@pytest.mark.usefixtures("blinded")
def test_a_withdrawn_image_holds_no_export_up(
    web: Callable[[str], Client], image: SlideImage, patient: Patient, colleague: User
) -> None:
    """Nobody can read it any more."""
    SlideImage.objects.filter(pk=image.pk).update(
        withdrawn_at=image.created_at, withdrawn_by=colleague, withdrawal_reason="unusable"
    )
    assert web("owner").post(f"/patients/{patient.pk}/export/").status_code == 200


def test_an_administrator_switches_it_and_is_on_record(
    web: Callable[[str], Client], administrator: User, prediction: Prediction, owner: User
) -> None:
    client = web("administrator")
    assert "With the suggestion in view" in client.get("/assays/").content.decode()
    client.post("/assays/leukemia/", {"blinded_first_read": "on"})
    policy = AssayPolicy.objects.get()
    assert (policy.assay, policy.blinded_first_read, policy.changed_by) == ("leukemia", True, administrator)
    assert "Adam Administrator" in client.get("/assays/").content.decode()
    assert not Prediction.objects.shown_to(owner).exists()
    client.post("/assays/leukemia/", {})
    assert Prediction.objects.shown_to(owner).exists()


def test_switching_it_twice_changes_nothing_more(administrator: User) -> None:
    first = set_blinded_first_read(assay="leukemia", is_blinded=True, changed_by=administrator)
    second = set_blinded_first_read(assay="leukemia", is_blinded=True, changed_by=administrator)
    assert first.changed_at == second.changed_at


def test_an_unknown_assay_is_not_there(web: Callable[[str], Client]) -> None:
    assert web("administrator").post("/assays/unheard-of/", {}).status_code == 404
