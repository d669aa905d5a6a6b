"""The model registry's pages."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from diagnosis.models import ModelVersion
from tests.factories import ModelVersionFactory

MANIFEST = {
    "classes": ["Benign", "Early", "Pre", "Pro"],
    "intended_use": "A second opinion on blood smears.",
    "not_for": ["bone marrow"],
    "metrics": {
        "n": 412,
        "groups": 21,
        "accuracy": 0.9817,
        "ci95": {"accuracy": [0.95, 0.99]},
        "per_class": {name: {"precision": 1.0, "recall": 0.5, "f1": 0.67, "support": 9} for name in ("Pro", "Benign")},
        "coverage": 0.953,
        "confident_accuracy": None,
        "colour_shift": {"10": 0.97},
        "colour_reference": {"accuracy": 0.895},
    },
    "data": {"title": "Smears", "train": {"Benign": 300}, "groups": {"train": 40}},
    "architecture": {"name": "compact", "input_size": 224, "members": 3},
    "training": {"command": "python -m mlcore train"},
}


@pytest.mark.parametrize("who", ["owner", "colleague", "stranger", "administrator", "auditor"])
def test_everybody_who_signed_in_may_read_it(web: Callable[[str], Client], model: ModelVersion, who: str) -> None:
    client = web(who)
    assert "test model 1" in client.get("/models/").content.decode()
    assert client.get(f"/models/{model.pk}/").status_code == 200


def test_nobody_else_may(client: Client, model: ModelVersion) -> None:
    for address in ("/models/", f"/models/{model.pk}/"):
        assert client.get(address)["Location"] == f"/sign-in/?next={address}"


def test_the_active_model_comes_first_and_an_assay_without_one_says_so(
    owner_client: Client, model: ModelVersion
) -> None:
    ModelVersionFactory.create(state="retired", version="0")
    ModelVersionFactory.create(state="candidate", version="2")
    response = owner_client.get("/models/")
    leukemia, breast = (versions for _, versions in response.context["groups"])
    assert leukemia[0] == model
    assert breast == []
    assert "No model is registered for this assay" in response.content.decode()


def test_the_card_states_the_honest_figures(owner_client: Client) -> None:
    model = ModelVersionFactory.create(manifest=MANIFEST)
    response = owner_client.get(f"/models/{model.pk}/")
    page = response.content.decode()
    for said in ("A second opinion on blood smears.", "bone marrow", "0.982", "0.950 to 0.990", "412 images", "0.895"):
        assert said in page
    tables = {table.caption: table.rows for table in response.context["card"].tables}
    assert [row[0] for row in tables["Class by class"]] == ["Benign", "Pro"]
    assert ("Right, of the confident suggestions", "none") in tables["How it decides"]
    assert model.sha256 in page


def test_a_manifest_without_figures_makes_a_shorter_card(owner_client: Client, model: ModelVersion) -> None:
    assert owner_client.get(f"/models/{model.pk}/").context["card"].tables == []


def test_a_model_that_does_not_exist_is_not_found(owner_client: Client) -> None:
    assert owner_client.get(f"/models/{uuid.uuid4()}/").status_code == 404


def test_the_list_takes_as_many_queries_for_one_model_as_for_many(
    owner_client: Client, model: ModelVersion, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(4):  # session, person, models, notices
        owner_client.get("/models/")
    ModelVersionFactory.create_batch(5, state="retired")
    with django_assert_num_queries(4):
        owner_client.get("/models/")
