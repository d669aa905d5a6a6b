"""Whoever is shown anything of a patient is on record for it: every address is walked, so that no new one forgets."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from diagnosis.models import AnalysisState, Prediction
from diagnosis.services import file_store
from tests.addresses import every_address, things_of
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    add_to_care_team,
    drawn_png,
)

OF_NO_PATIENT = {"models"}


@pytest.fixture
def prediction(patient: Patient) -> Prediction:
    """A finished reading of the owner's patient, with all its pictures."""
    picture = file_store.put(drawn_png())
    image = ImageFactory.create(case__patient=patient, display_sha256=picture, thumbnail_sha256=picture)
    return PredictionFactory.create(analysis__image=image)


def content(response: Any) -> bytes:
    """All of an answer, also of one that is sent in pieces."""
    return b"".join(response) if response.streaming else bytes(response.content)


def clues(patient: Patient, ids: dict[str, str]) -> list[bytes]:
    """What in an answer gives away that it is about the patient."""
    return [clue.encode() for clue in (patient.family_name, patient.record_number, *ids.values())]


@pytest.mark.parametrize("name", sorted({one.name or one.path for one in every_address({})}))
def test_every_address_that_shows_something_of_a_patient_records_it(
    api: Callable[[str], APIClient], web: Callable[[str], Client], owner: User, prediction: Prediction, name: str
) -> None:
    patient = prediction.analysis.image.case.patient
    ids = {word: str(pk) for word, pk in things_of(prediction).items() if word not in OF_NO_PATIENT}
    address = next(one for one in every_address(things_of(prediction)) if name in (one.name, one.path))
    client = api("owner") if address.path.startswith("/api/") else web("owner")
    before = AuditEvent.objects.count()
    response = client.get(address.path)
    said = content(response)
    is_about_the_patient = any(pk in address.path for pk in ids.values())
    shows = any(clue in said for clue in clues(patient, ids)) or (is_about_the_patient and response.status_code < 300)
    if shows:
        new = AuditEvent.objects.order_by("id")[before:]
        assert any((event.patient_id, event.actor) == (patient.pk, owner) for event in new)


def test_the_walk_sees_pages_pictures_fragments_and_lists(
    api: Callable[[str], APIClient], owner_client: Client, prediction: Prediction
) -> None:
    """Were these addresses to answer nothing, the test above would find nothing amiss."""
    paths = {one.name: one.path for one in every_address(things_of(prediction))}
    for name in ("patient", "case_new", "case", "case_images", "image", "image_state", "image_file"):
        assert owner_client.get(paths[f"diagnosis:{name}"]).status_code == 200
    for name in ("patient", "case", "image", "analysis", "prediction"):
        for kind in ("list", "detail"):
            assert api("owner").get(paths[f"api:{name}-{kind}"]).status_code == 200


def test_what_a_page_fetches_again_and_again_is_one_row(owner_client: Client, owner: User, patient: Patient) -> None:
    analysis = AnalysisFactory.create(image__case__patient=patient)
    case = analysis.image.case_id
    for _ in range(3):
        owner_client.get(f"/cases/{case}/images/")
        owner_client.get(f"/images/{analysis.image_id}/state/")
    events = AuditEvent.objects.filter(patient_id=patient.pk, actor=owner)
    assert sorted(events.values_list("action", "subject_id")) == [
        ("case.viewed", str(case)),
        ("image.viewed", str(analysis.image_id)),
    ]


def test_a_page_already_on_record_covers_its_pictures(owner_client: Client, prediction: Prediction) -> None:
    image = prediction.analysis.image
    owner_client.get(f"/images/{image.pk}/")
    for kind in ("display", "mask", "outline", "map"):
        assert owner_client.get(f"/images/{image.pk}/{kind}").status_code == 200
    assert AuditEvent.objects.filter(action="image.viewed").count() == 1


def test_the_thumbnails_of_a_case_are_a_look_at_the_case(owner_client: Client, prediction: Prediction) -> None:
    case = prediction.analysis.image.case
    picture = prediction.analysis.image.thumbnail_sha256
    for image in [prediction.analysis.image, ImageFactory.create(case=case, thumbnail_sha256=picture)]:
        owner_client.get(f"/images/{image.pk}/thumbnail")
    event = AuditEvent.objects.get(patient_id=case.patient_id)
    assert (event.action, event.subject_id) == ("case.viewed", str(case.pk))


def test_a_picture_fetched_without_its_page_is_on_record(owner_client: Client, prediction: Prediction) -> None:
    owner_client.get(f"/images/{prediction.analysis.image_id}/mask")
    event = AuditEvent.objects.get(patient_id=prediction.analysis.image.case.patient_id)
    assert (event.action, event.subject_id) == ("image.viewed", str(prediction.analysis.image_id))


@pytest.mark.parametrize("where", ["page", "api"])
def test_a_list_is_a_look_at_every_patient_on_it(
    api: Callable[[str], APIClient], owner_client: Client, owner: User, patient: Patient, where: str
) -> None:
    others = PatientFactory.create_batch(3, created_by=owner)
    for other in others:
        add_to_care_team(other, owner)
    for _ in range(2):
        answer = owner_client.get("/patients/") if where == "page" else api("owner").get("/api/v1/patients/")
        assert answer.status_code == 200
    seen = AuditEvent.objects.filter(action="patient.listed", actor=owner).values_list("patient_id", flat=True)
    assert len(seen) == 4
    assert set(seen) == {one.pk for one in (patient, *others)}


def test_a_program_that_waits_for_its_images_is_on_record_once_a_case(
    api: Callable[[str], APIClient], owner: User, patient: Patient
) -> None:
    case = CaseFactory.create(patient=patient)
    first = AnalysisFactory.create(image__case=case)
    second = AnalysisFactory.create(image__case=case, model_version=first.model_version)
    program = api("owner")
    for _ in range(3):
        for analysis in (first, second):
            assert program.get(f"/api/v1/analyses/{analysis.pk}/").json()["state"] == AnalysisState.QUEUED
    event = AuditEvent.objects.get(patient_id=patient.pk)
    assert (event.action, event.subject_id) == ("case.viewed", str(case.pk))
