"""Programs that are for some assays only."""

import pytest
from django.db import IntegrityError
from rest_framework.test import APIClient

from clinic.models import ApiToken, AuditEvent, Patient, User
from clinic.services.tokens import issue_token
from diagnosis.models import Case, ModelVersion
from tests.factories import ImageFactory, ModelVersionFactory, PatientFactory, add_to_care_team, upload

NEW_CASE = {"assay": "leukemia", "specimen_date": "2026-01-02"}


def program(person: User, *assays: str) -> APIClient:
    token = issue_token(person=person, assays=assays or None).text
    return APIClient(headers={"Authorization": f"Token {token}"})


def test_it_registers_a_patient_and_opens_a_case_of_its_assay(owner: User) -> None:
    client = program(owner, "leukemia")
    patient = client.post("/api/v1/patients/", {"record_number": "7", "family_name": "Quist"}).json()["id"]
    assert client.get(f"/api/v1/patients/{patient}/").status_code == 200
    assert client.post("/api/v1/cases/", {"patient": patient, **NEW_CASE}).status_code == 201


def test_it_opens_no_case_of_another_assay(patient: Patient, case: Case, owner: User) -> None:
    answer = program(owner, "leukemia").post("/api/v1/cases/", {"patient": patient.pk, **NEW_CASE, "assay": "breast"})
    assert answer.status_code == 403
    assert Case.objects.count() == 1


def test_it_does_not_know_patients_of_another_assay_alone(patient: Patient, tissue_case: Case, owner: User) -> None:
    client = program(owner, "leukemia")
    assert client.get(f"/api/v1/patients/{patient.pk}/").status_code == 404
    assert client.get("/api/v1/patients/").json()["results"] == []
    assert client.post("/api/v1/patients/search/", {"search": patient.family_name}).json()["results"] == []
    assert client.post("/api/v1/cases/", {"patient": patient.pk, **NEW_CASE}).status_code == 400


def test_a_patient_without_a_case_is_known_to_who_registered_them_alone(owner: User, colleague: User) -> None:
    waiting = PatientFactory.create(created_by=owner)
    for doctor in (owner, colleague):
        add_to_care_team(waiting, doctor)
    assert program(owner, "leukemia").get(f"/api/v1/patients/{waiting.pk}/").status_code == 200
    assert program(colleague, "leukemia").get(f"/api/v1/patients/{waiting.pk}/").status_code == 404


def test_the_same_bytes_in_a_case_of_another_assay_are_not_told(
    owner: User, case: Case, tissue_case: Case, model: ModelVersion
) -> None:
    address = f"/api/v1/cases/{case.pk}/images/"
    ModelVersionFactory.create(assay="breast")
    program(owner).post(f"/api/v1/cases/{tissue_case.pk}/images/", {"files": upload()}, format="multipart")
    told = program(owner, "leukemia").post(address, {"files": upload()}, format="multipart").json()
    assert told["files"][0]["duplicates"] == []
    told = program(owner, "leukemia", "breast").post(address, {"files": upload()}, format="multipart").json()
    assert len(told["files"][0]["duplicates"]) == 1


@pytest.mark.parametrize("part", ["export/", "care-team/"])
def test_it_is_refused_where_all_of_a_patient_is_told(owner: User, patient: Patient, case: Case, part: str) -> None:
    answer = program(owner, "leukemia").get(f"/api/v1/patients/{patient.pk}/{part}")
    assert (answer.status_code, answer.json()["code"]) == (403, "limited_token")


def test_a_token_for_several_assays_sees_all_of_them(owner: User, case: Case, tissue_case: Case) -> None:
    for one in (case, tissue_case):
        ImageFactory.create(case=one)
    assert len(program(owner, "leukemia", "breast").get("/api/v1/images/").json()["results"]) == 2


def test_an_assay_that_the_site_no_longer_has_opens_nothing(owner: User, case: Case) -> None:
    client = program(owner, "leukemia")
    ApiToken.objects.update(assays=["given up"])
    assert client.get("/api/v1/cases/").json()["results"] == []


def test_the_database_holds_no_token_that_is_limited_to_nothing(owner: User) -> None:
    issue_token(person=owner)
    with pytest.raises(IntegrityError, match="api_token_limited_to_something"):
        ApiToken.objects.update(assays=[])


def test_the_trail_says_what_a_token_is_for(owner: User) -> None:
    issue_token(person=owner, assays=["leukemia"])
    assert AuditEvent.objects.get(action="token.issued").detail["assays"] == ["leukemia"]
