"""Patients through the API."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from tests.factories import PatientFactory, add_to_care_team

Api = Callable[[str], APIClient]
PATIENTS = "/api/v1/patients/"
SEARCH = "/api/v1/patients/search/"
ENTRIES = {"record_number": "A 1", "family_name": "Curie", "given_name": "Marie", "birth_date": "1867-11-07"}


@pytest.fixture
def many(owner: User) -> list[Patient]:
    patients = PatientFactory.create_batch(7, created_by=owner)
    for patient in patients:
        add_to_care_team(patient, owner)
    return patients


def test_registering_a_patient_puts_you_on_the_care_team(owner: User, api: Api) -> None:
    client = api("owner")
    answer = client.post(PATIENTS, ENTRIES)
    assert answer.status_code == 201
    assert answer.json().items() >= ENTRIES.items()
    assert answer["Location"] == answer.json()["url"]
    assert client.get(answer["Location"]).json() == answer.json()
    assert AuditEvent.objects.filter(action="patient.registered", actor=owner).count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"family_name": ""}, "#/family_name"),
        ({"family_name": "   "}, "#/family_name"),
        ({"family_name": "x" * 101}, "#/family_name"),
        ({"family_name": "nul\x00"}, "#/family_name"),
        ({"family_name": "\ud800"}, "#/family_name"),
        ({"family_name": {"a": 1}}, "#/family_name"),
        ({"family_name": None}, "#/family_name"),
        ({"birth_date": "yesterday"}, "#/birth_date"),
        ({"birth_date": 5}, "#/birth_date"),
        ({"famly_name": "Curie"}, "#/famly_name"),
        ({"id": str(uuid4())}, "#/id"),
        ({"a/b~c\ud800": 1}, "#/a~1b~0c?"),
    ],
)
def test_it_says_which_entry_is_wrong_and_registers_nobody(
    owner: User, api: Api, change: dict[str, Any], pointer: str
) -> None:
    body = json.dumps(ENTRIES | change)
    answer = api("owner").generic("POST", PATIENTS, body, content_type="application/json")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Patient.objects.exists()


def test_it_notes_that_a_patient_was_looked_at(patient: Patient, colleague: User, api: Api) -> None:
    assert api("colleague").get(f"{PATIENTS}{patient.pk}/").status_code == 200
    event = AuditEvent.objects.get(action="patient.viewed")
    assert (event.actor, event.patient_id, event.subject_id) == (colleague, patient.pk, str(patient.pk))


def test_it_notes_whom_a_list_showed(many: list[Patient], owner: User, api: Api) -> None:
    api("owner").get(PATIENTS)
    event = AuditEvent.objects.get(action="patients.listed")
    assert (event.actor, event.patient_id) == (owner, None)
    assert event.detail == {"count": 7, "patients": sorted(str(patient.pk) for patient in many)}


def test_pages_show_each_patient_once_newest_first(many: list[Patient], api: Api) -> None:
    client, address, shown = api("owner"), f"{PATIENTS}?page_size=3", []
    while address:
        page = client.get(address).json()
        assert len(page["results"]) <= 3
        shown += [patient["id"] for patient in page["results"]]
        address = page["next"]
    assert shown == [str(patient.pk) for patient in reversed(many)]


def test_the_oldest_can_come_first(many: list[Patient], api: Api) -> None:
    results = api("owner").get(f"{PATIENTS}?ordering=created_at").json()["results"]
    assert [patient["id"] for patient in results] == [str(patient.pk) for patient in many]


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    many: list[Patient], api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api("owner")
    # The token, the person's tokens, the token's use, the count of requests, the page, the list; earlier looks at these
    # patients, the looks.
    with django_assert_num_queries(9):
        assert len(client.get(PATIENTS).json()["results"]) == 7


def test_search_finds_by_any_part_of_name_and_number(many: list[Patient], api: Api) -> None:
    sought = many[3]
    text = f"{sought.family_name.upper()} {sought.record_number[-3:]}"
    found = api("owner").post(SEARCH, {"search": text}).json()["results"]
    assert [patient["id"] for patient in found] == [str(sought.pk)]


def test_search_goes_on_at_next_and_no_name_is_in_any_address(many: list[Patient], api: Api) -> None:
    client = api("owner")
    first = client.post(f"{SEARCH}?page_size=4", {"search": "Family"}).json()
    assert "amily" not in first["next"]
    rest = client.post(first["next"], {"search": "Family"}).json()
    assert len({patient["id"] for patient in first["results"] + rest["results"]}) == 7


def test_a_name_in_the_address_is_refused_with_a_hint(owner: User, api: Api) -> None:
    answer = api("owner").get(f"{PATIENTS}?search=Curie")
    assert answer.status_code == 400
    assert "/api/v1/patients/search/" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("body", [{}, {"search": ""}, {"search": "x" * 201}, {"search": "\x00"}, {"query": "x"}])
def test_a_search_for_nothing_is_refused(owner: User, api: Api, body: dict[str, str]) -> None:
    assert api("owner").post(SEARCH, body).status_code == 400


def test_search_notes_whom_it_showed(patient: Patient, owner: User, api: Api) -> None:
    api("owner").post(SEARCH, {"search": patient.family_name})
    event = AuditEvent.objects.get(action="patients.listed")
    assert (event.patient_id, event.detail["count"]) == (patient.pk, 1)
    assert patient.family_name not in str(event.detail)
