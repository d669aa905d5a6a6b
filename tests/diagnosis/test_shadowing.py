"""A model in the shadow reads live images after the active one, and nobody who treats a patient sees what it says."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import User
from diagnosis.models import (
    Case,
    Confirmation,
    ModelState,
    ModelVersion,
    Prediction,
    Report,
    ShadowAnalysis,
    ShadowState,
)
from diagnosis.selectors.shadow_comparison import compare
from diagnosis.services import analysing, shadowing
from diagnosis.services.model_registry import activate_model, register_model
from diagnosis.services.model_states import move_model
from diagnosis.services.model_stops import stop_model
from diagnosis.services.uploads import accept_image
from tests.diagnosis.small_models import WHY, write_small
from tests.factories import (
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PredictionFactory,
    ReadingFactory,
    drawn_png,
    upload,
)

CLASSES = ["Benign", "Early", "Pre", "Pro"]


@pytest.fixture
def active(db: None, tmp_path: Path) -> ModelVersion:
    return activate_model(model=register_model(content=write_small(tmp_path / "small.bundle").read_bytes()))


@pytest.fixture
def silent(active: ModelVersion, administrator: User, tmp_path: Path) -> ModelVersion:
    """Another model, in the shadow."""
    content = write_small(tmp_path / "other.bundle", name="other").read_bytes()
    model = register_model(content=content, registered_by=administrator)
    return move_model(model=model, state=ModelState.SHADOW, moved_by=administrator, **WHY)


def take_in(case: Case, owner: User, *, seed: int = 1) -> None:
    accept_image(case=case, uploaded_by=owner, file=upload(content=drawn_png(assay="breast", kind="Benign", seed=seed)))


def analyse(model: ModelVersion) -> None:
    while analysing.analyse_next_batch(model_version_id=model.pk):
        pass


def run_shadow(model: ModelVersion) -> None:
    while shadowing.analyse_some(model_version_id=model.pk):
        pass


@pytest.fixture
def shadowed(tissue_case: Case, owner: User, active: ModelVersion, silent: ModelVersion) -> ShadowAnalysis:
    """An image that both have read."""
    take_in(tissue_case, owner)
    analyse(active)
    run_shadow(silent)
    return ShadowAnalysis.objects.get()


def test_it_reads_what_the_active_model_has_read(shadowed: ShadowAnalysis, silent: ModelVersion) -> None:
    assert (shadowed.state, shadowed.model_version, shadowed.lease_token) == (ShadowState.SUCCEEDED, silent, None)
    assert shadowed.probabilities is not None
    assert sum(shadowed.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert Prediction.objects.count() == 1


def test_doctors_pages_and_api_know_nothing_of_it(
    shadowed: ShadowAnalysis, silent: ModelVersion, owner_client: Client, api: Callable[[str], APIClient]
) -> None:
    case = shadowed.image.case
    pages = [f"/images/{shadowed.image_id}/", f"/cases/{case.pk}/", f"/patients/{case.patient_id}/"]
    lists = [f"/api/v1/{name}/" for name in ("images", "analyses", "predictions")]
    for client, addresses in ((owner_client, pages), (api("owner"), lists)):
        for address in addresses:
            said = client.get(address).content.decode()
            assert str(silent.pk) not in said, address
            assert "other 1.0.0" not in said, address
    assert api("owner").get("/api/v1/analyses/").json()["results"][0]["model"] != str(silent.pk)
    assert len(api("owner").get("/api/v1/analyses/").json()["results"]) == 1


def test_it_waits_while_a_doctors_image_waits(
    tissue_case: Case, owner: User, active: ModelVersion, silent: ModelVersion
) -> None:
    take_in(tissue_case, owner)
    analyse(active)
    take_in(tissue_case, owner, seed=2)
    assert not shadowing.analyse_some(model_version_id=silent.pk)
    assert ShadowAnalysis.objects.get().state == ShadowState.QUEUED
    analyse(active)
    run_shadow(silent)
    assert ShadowAnalysis.objects.filter(state=ShadowState.SUCCEEDED).count() == 2


@pytest.mark.parametrize("how", ["stopped", "taken out", "withdrawn", "restricted"])
def test_it_reads_nothing_any_more_that_it_should_not(
    tissue_case: Case, owner: User, active: ModelVersion, silent: ModelVersion, administrator: User, how: str
) -> None:
    take_in(tissue_case, owner)
    analyse(active)
    if how == "stopped":
        stop_model(model=silent, stopped_by=administrator, **WHY)
    elif how == "taken out":
        move_model(model=silent, state=ModelState.CANDIDATE, moved_by=administrator, **WHY)
    elif how == "withdrawn":
        tissue_case.images.update(withdrawn_at=Now(), withdrawn_by=owner, withdrawal_reason="unusable")
    else:
        type(tissue_case.patient).objects.update(restricted_at=Now())
    run_shadow(silent)
    assert ShadowAnalysis.objects.get().state == ShadowState.QUEUED


def test_without_a_model_in_the_shadow_nothing_is_kept(tissue_case: Case, owner: User, active: ModelVersion) -> None:
    take_in(tissue_case, owner)
    analyse(active)
    assert not ShadowAnalysis.objects.exists()


def test_what_a_dead_worker_held_is_taken_over_three_times_at_most(
    tissue_case: Case, owner: User, active: ModelVersion, silent: ModelVersion
) -> None:
    take_in(tissue_case, owner)
    analyse(active)
    for _ in range(3):
        assert shadowing._claim(silent.pk, silent.pk)
        ShadowAnalysis.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    run_shadow(silent)
    assert ShadowAnalysis.objects.get().state == ShadowState.FAILED


def test_a_damaged_image_fails_silently(
    tissue_case: Case, owner: User, active: ModelVersion, silent: ModelVersion, settings: Settings
) -> None:
    take_in(tissue_case, owner)
    analyse(active)
    path = next(Path(settings.MEDIA_ROOT).rglob(tissue_case.images.get().sha256))
    path.write_bytes(path.read_bytes()[:-1])
    run_shadow(silent)
    shadow = ShadowAnalysis.objects.get()
    assert (shadow.state, shadow.failure_code) == (ShadowState.FAILED, "damaged_file")


def pair(case: Case, models: tuple[ModelVersion, ModelVersion], spoken: str, silent: str, **more: Any) -> None:
    """An image of which the active model says one thing, and the one in the shadow another."""
    image = ImageFactory.create(case=case)
    sure = {name: float(name == spoken) for name in CLASSES}
    PredictionFactory.create(
        analysis__image=image, analysis__model_version=models[0], label=spoken, probabilities=sure, **more
    )
    ShadowAnalysis.objects.create(
        image=image,
        model_version=models[1],
        state=ShadowState.SUCCEEDED,
        verdict="confident" if silent else "out_of_scope",
        label=silent,
        probabilities={name: float(name == (silent or "Pro")) for name in CLASSES},
    )
    ReadingFactory.create(image=image, label="Pre")


@pytest.fixture
def both(db: None) -> tuple[ModelVersion, ModelVersion]:
    manifest = {"classes": CLASSES}
    active = ModelVersionFactory.create(manifest=manifest)
    return active, ModelVersionFactory.create(state=ModelState.SHADOW, manifest=manifest)


def test_the_comparison_counts_agreement_classes_and_changed_verdicts(
    both: tuple[ModelVersion, ModelVersion], case: Case
) -> None:
    for spoken, silent in (("Pre", "Pre"), ("Pre", "Early"), ("Early", "")):
        pair(case, both, spoken, silent)
    found = compare(active=both[0], shadow=both[1])
    assert found is not None
    assert (found.images, found.agreeing) == (3, 1)
    assert found.by_result == {("Pre", "Pre"): 1, ("Pre", "Early"): 1, ("Early", "out_of_scope"): 1}
    assert found.changed_verdicts == [("confident", "out_of_scope", 1)]
    assert found.readings is None  # nothing is signed yet


def test_against_signed_readings_the_difference_has_an_interval_over_patients(
    both: tuple[ModelVersion, ModelVersion], owner: User
) -> None:
    for number in range(6):  # of six patients the one in the shadow is right about all, the active one about half
        case = CaseFactory.create()
        pair(case, both, "Pre" if number % 2 else "Early", "Pre")
        Report.objects.create(
            case=case, content={}, content_digest="0" * 64, signed_by=owner, confirmed_by=Confirmation.PASSWORD
        )
    found = compare(active=both[0], shadow=both[1])
    assert found is not None
    assert found.readings is not None
    assert (found.readings.images, found.readings.patients) == (6, 6)
    assert (found.readings.active, found.readings.shadow, found.readings.difference) == (0.5, 1.0, 0.5)
    assert found.readings.low is not None
    assert found.readings.high is not None
    assert 0 <= found.readings.low < 0.5 < found.readings.high <= 1


def test_the_page_is_for_administrators_and_names_no_image(
    both: tuple[ModelVersion, ModelVersion], case: Case, web: Callable[[str], Client]
) -> None:
    pair(case, both, "Pre", "Early")
    address = f"/models/{both[1].pk}/shadow/"
    page = web("administrator").get(address)
    assert page.status_code == 200
    said = page.content.decode()
    assert "Both say the same" in said
    assert str(case.images.get().pk) not in said
    assert web("owner").get(address).status_code == 403
