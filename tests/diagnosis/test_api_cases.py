"""Cases through the API."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinic.models import AuditEvent, Patient, User
from diagnosis.models import Case
from tests.factories import CaseFactory, PatientFactory, add_to_care_team

Api = Callable[[str], Any]
CASES = "/api/v1/cases/"


def entries(patient: Patient) -> dict[str, Any]:
    return {"patient": str(patient.pk), "assay": "leukemia", "specimen_date": "2026-01-02", "note": "Second smear."}


def test_it_opens_a_case(patient: Patient, owner: User, api: Api) -> None:
    client = api("owner")
    answer = client.post(CASES, entries(patient))
    assert answer.status_code == 201
    assert answer.json().items() >= entries(patient).items()
    assert client.get(answer["Location"]).json() == answer.json()
    assert answer.json()["images_url"] == f"{answer['Location']}images/"
    assert AuditEvent.objects.filter(action="case.opened", actor=owner, patient_id=patient.pk).count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"patient": "1"}, "#/patient"),
        ({"patient": None}, "#/patient"),
        ({"patient": {"id": 1}}, "#/patient"),
        ({"assay": "urine"}, "#/assay"),
        ({"assay": ["leukemia"]}, "#/assay"),
        ({"assay": "\x00"}, "#/assay"),
        ({"specimen_date": "2026-02-30"}, "#/specimen_date"),
        ({"specimen_date": (timezone.localdate() + timedelta(days=2)).isoformat()}, "#/specimen_date"),
        ({"note": "x" * 2001}, "#/note"),
        ({"note": "\x00"}, "#/note"),
        ({"images": []}, "#/images"),
        ({"created_by": "me"}, "#/created_by"),
    ],
)
def test_it_says_which_entry_is_wrong_and_opens_nothing(
    patient: Patient, api: Api, change: dict[str, Any], pointer: str
) -> None:
    answer = api("owner").post(CASES, entries(patient) | change)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Case.objects.exists()


@pytest.fixture
def two_patients(patient: Patient, owner: User) -> tuple[Patient, Patient]:
    other = PatientFactory.create(created_by=owner)
    add_to_care_team(other, owner)
    for day in (1, 2, 3):
        CaseFactory.create(patient=patient, specimen_date=date(2026, 1, day))
    CaseFactory.create(patient=other, assay="breast")
    return patient, other


def test_it_lists_by_patient_and_assay(two_patients: tuple[Patient, Patient], api: Api) -> None:
    client = api("owner")
    mine, other = two_patients
    assert len(client.get(CASES).json()["results"]) == 4
    assert len(client.get(CASES, {"patient": mine.pk}).json()["results"]) == 3
    assert [case["patient"] for case in client.get(CASES, {"assay": "breast"}).json()["results"]] == [str(other.pk)]
    assert client.get(CASES, {"assay": "breast", "patient": mine.pk}).json()["results"] == []


def test_it_lists_by_the_day_of_the_specimen(two_patients: tuple[Patient, Patient], api: Api) -> None:
    patient, _ = two_patients
    address, shown, client = f"{CASES}?patient={patient.pk}&ordering=specimen_date&page_size=2", [], api("owner")
    while address:
        page = client.get(address).json()
        shown += [case["specimen_date"] for case in page["results"]]
        address = page["next"]
    assert shown == ["2026-01-01", "2026-01-02", "2026-01-03"]


@pytest.mark.parametrize(
    "query",
    ["patient=1", "patient=%00", "patient=", "assay=breast&assay=leukemia", "assay=urine", "assay=%00", "note=x"],
)
def test_a_filter_that_makes_no_sense_is_refused(owner: User, api: Api, query: str) -> None:
    answer = api("owner").get(f"{CASES}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query.split("=", maxsplit=1)[0]


def test_reads_are_noted(two_patients: tuple[Patient, Patient], owner: User, api: Api) -> None:
    patient, _ = two_patients
    client = api("owner")
    listed = client.get(CASES, {"patient": patient.pk}).json()["results"]
    event = AuditEvent.objects.get(action="cases.listed")
    assert (event.actor, event.patient_id, event.detail["count"]) == (owner, patient.pk, 3)
    client.get(listed[0]["url"])
    event = AuditEvent.objects.get(action="case.viewed")
    assert (event.patient_id, event.subject_id) == (patient.pk, listed[0]["id"])


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    two_patients: tuple[Patient, Patient], api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api("owner")
    # The token, the person's tokens, the token's use, the count of requests, the page, the list; earlier looks at these
    # patients, the looks.
    with django_assert_num_queries(9):
        client.get(CASES)
