"""All of one patient's data as a zip: whole, checked, streamed, and nobody else's."""

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import AuditEvent, HoldKind, Patient, User
from clinic.services import audit
from clinic.services.holds import place_hold
from diagnosis.models import Case, Prediction
from diagnosis.selectors.export_parts import LEFT_OUT, PARTS
from diagnosis.selectors.record_rows import branches
from diagnosis.services import file_store
from diagnosis.services.merging import merge_records
from diagnosis.services.patient_export import DAMAGED, export_patient
from tests.factories import (
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    add_to_care_team,
    drawn_png,
)

NAME = "../../etc/=cmd()|Zettel.png"


@pytest.fixture
def prediction(case: Case) -> Prediction:
    image = ImageFactory.create(case=case, uploaded_name=NAME, sha256=file_store.put(drawn_png(seed=30)))
    return PredictionFactory.create(
        analysis__image=image,
        mask_sha256=file_store.put(drawn_png(seed=31)),
        outline_sha256=file_store.put(drawn_png(seed=32)),
        map_sha256=file_store.put(drawn_png(seed=33)),
    )


def opened(chunks: Iterator[bytes]) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    return archive


def exported(patient: Patient, person: User) -> zipfile.ZipFile:
    return opened(export_patient(patient=patient, exported_by=person))


def document(archive: zipfile.ZipFile) -> dict[str, Any]:
    return json.loads(archive.read("patient.json"))


def test_it_holds_who_the_patient_is_and_all_that_was_found(
    patient: Patient, prediction: Prediction, owner: User, colleague: User
) -> None:
    whole = document(exported(patient, owner))
    assert whole["patient"]["family_name"] == patient.family_name
    assert whole["patient"]["record_number"] == patient.record_number
    assert {one["doctor"] for one in whole["care_team"]} == {"Olivia Owner", "Colin Colleague"}
    assert [one["id"] for one in whole["cases"]] == [str(prediction.analysis.image.case_id)]
    assert whole["images"][0]["uploaded_name"] == NAME
    (found,) = whole["predictions"]
    model = prediction.analysis.model_version
    assert (found["label"], found["model_name"], found["model_version"], found["model_sha256"]) == (
        prediction.label,
        model.name,
        model.version,
        prediction.model_sha256,
    )
    assert found["probabilities"] == prediction.probabilities


def test_it_holds_the_files_byte_for_byte_under_their_ids(
    patient: Patient, prediction: Prediction, owner: User
) -> None:
    archive, image = exported(patient, owner), prediction.analysis.image
    assert set(archive.namelist()) == {
        f"images/{image.pk}.png",
        f"predictions/{prediction.pk}-mask.png",
        f"predictions/{prediction.pk}-outline.png",
        f"predictions/{prediction.pk}-map.png",
        "trail.json",
        "trail.csv",
        "patient.json",
    }
    assert archive.read(f"images/{image.pk}.png") == drawn_png(seed=30)
    listed = {one["path"]: one for one in document(archive)["files"]}
    assert listed[f"images/{image.pk}.png"] == {
        "path": f"images/{image.pk}.png",
        "sha256": image.sha256,
        "problem": None,
    }


def test_it_holds_the_trail_twice_with_this_very_export(patient: Patient, owner: User) -> None:
    audit.record(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk)
    owner.full_name = "=HYPERLINK(1)"
    owner.save()
    archive = exported(patient, owner)
    acts = [event["action"] for event in json.loads(archive.read("trail.json"))]
    assert acts == ["patient.viewed", "patient.exported"]
    lines = list(csv.DictReader(io.StringIO(archive.read("trail.csv").decode())))
    assert [line["action"] for line in lines] == acts
    assert lines[1]["purpose"] == "export"
    assert lines[0]["person"] == "'=HYPERLINK(1)"


def test_of_others_it_holds_nothing(patient: Patient, prediction: Prediction, owner: User) -> None:
    other = PatientFactory.create(created_by=owner, family_name="Otherwise")
    add_to_care_team(other, owner)
    CaseFactory.create(patient=other)
    archive = exported(other, owner)
    for name in archive.namelist():
        assert str(patient.pk) not in archive.read(name).decode("utf-8", "replace")
    assert document(archive)["images"] == []


def test_what_was_merged_into_the_record_is_in_it(patient: Patient, owner: User) -> None:
    twin = PatientFactory.create(created_by=owner, family_name="Zwilling")
    add_to_care_team(twin, owner)
    audit.record(actor=owner, action="patient.viewed", subject=twin, patient_id=twin.pk)
    merge_records(kept=patient, merged=twin, merged_by=owner)
    archive = exported(patient, owner)
    assert document(archive)["merged_records"][0]["family_name"] == "Zwilling"
    assert any(event["patient_id"] == str(twin.pk) for event in json.loads(archive.read("trail.json")))


@pytest.mark.parametrize("harm", ["flipped", "missing"])
def test_a_damaged_file_is_named_and_ends_nothing(
    patient: Patient, prediction: Prediction, owner: User, harm: str
) -> None:
    path = Path(default_storage.path(file_store.name_of(prediction.mask_sha256)))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.unlink() if harm == "missing" else path.write_bytes(content)
    archive = exported(patient, owner)
    mask = f"predictions/{prediction.pk}-mask.png"
    assert mask not in archive.namelist()
    assert [one for one in document(archive)["files"] if one["problem"]] == [
        {"path": mask, "sha256": prediction.mask_sha256, "problem": DAMAGED}
    ]
    assert len(archive.namelist()) == 6


def test_every_table_about_patients_is_exported_or_left_out_on_purpose() -> None:
    covered = {part.model for part in PARTS} | LEFT_OUT
    assert {branch.model for branch in branches()} == covered


def test_every_column_of_the_record_itself_is_exported() -> None:
    # The browser's copies of the pictures, and what a worker notes for itself: nothing more about a patient.
    inner = {
        "display_sha256",
        "thumbnail_sha256",
        "lease_token",
        "lease_expires_at",
        "queued_at",
        "claimed_until",
        "request_id",
    }
    inner |= {"priority", "place", "turn"}
    for part in PARTS:
        lookups = {lookup.split("__")[0] for lookup in part.columns.values()}
        fields = {field.name for field in part.model._meta.concrete_fields}
        own = {branch.path.split("__")[0] for branch in branches() if branch.model is part.model}
        assert fields - lookups - own - inner - {"id"} == set(), part.name


def test_a_restricted_record_can_be_exported(patient: Patient, owner: User) -> None:
    place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    (hold,) = document(exported(patient, owner))["holds"]
    assert (hold["kind"], hold["reason"], hold["placed_by"]) == ("restriction", "asked", "Olivia Owner")


@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_only_the_care_team_exports(patient: Patient, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        export_patient(patient=patient, exported_by=request.getfixturevalue(who))
    assert not AuditEvent.objects.filter(action="patient.exported").exists()


def test_however_large_the_record_little_is_in_memory(case: Case, owner: User) -> None:
    size = 4 * 1024 * 1024
    for number in range(12):
        ImageFactory.create(case=case, sha256=file_store.put(bytes([number]) * size))
    tracemalloc.start()
    sent = sum(map(len, export_patient(patient=case.patient, exported_by=owner)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 12 * size
    assert peak < size


def test_the_page_asks_first_and_sends_a_file_without_a_name(
    owner_client: Client, patient: Patient, owner: User
) -> None:
    address = f"/patients/{patient.pk}/export/"
    assert patient.record_number in owner_client.get(address).content.decode()
    assert not AuditEvent.objects.filter(action="patient.exported").exists()
    response = owner_client.post(address)
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="patient-{patient.pk}.zip"'
    assert "no-store" in response["Cache-Control"]
    assert document(opened(iter(response)))["patient"]["id"] == str(patient.pk)
    event = AuditEvent.objects.get(action="patient.exported")
    assert (event.actor, event.patient_id, event.purpose) == (owner, patient.pk, "export")


@pytest.mark.parametrize("accept", ["application/zip", "application/json", "*/*"])
def test_the_api_sends_it_too(api: Callable[[str], APIClient], patient: Patient, accept: str) -> None:
    response: Any = api("owner").get(f"/api/v1/patients/{patient.pk}/export/", HTTP_ACCEPT=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert document(opened(iter(response)))["patient"]["id"] == str(patient.pk)


def test_strangers_get_what_a_missing_patient_gets(
    web: Callable[[str], Client], api: Callable[[str], APIClient], patient: Patient
) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    for who in ("stranger", "administrator", "auditor"):
        for client, address in ((web(who), "/patients/{}/export/"), (api(who), "/api/v1/patients/{}/export/")):
            hidden, absent = (client.get(address.format(pk)) for pk in (patient.pk, missing))
            assert (hidden.status_code, hidden.content) == (404, absent.content)
        assert web(who).post(f"/patients/{patient.pk}/export/").status_code == 404
