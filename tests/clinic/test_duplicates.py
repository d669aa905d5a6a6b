"""Before a patient is registered, the doctor's own patients who are alike are shown first."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from clinic.services.patients import LikelyDuplicates, register_patient
from tests.factories import PatientFactory, add_to_care_team

BORN = date(1984, 3, 27)
KNOWN: dict[str, Any] = {
    "record_number": "A-12",
    "family_name": "Lindström",
    "given_name": "Anna Maria",
    "birth_date": BORN,
}
OTHER: dict[str, Any] = {
    "record_number": "B-99",
    "family_name": "Okafor",
    "given_name": "Tomas",
    "birth_date": date(1950, 1, 1),
}
FORM, API = "/patients/new/", "/api/v1/patients/"


@pytest.fixture
def known(owner: User) -> Patient:
    patient = PatientFactory.create(created_by=owner, **KNOWN)
    add_to_care_team(patient, owner)
    return patient


@pytest.mark.parametrize(
    ("entries", "alike"),
    [
        ({"record_number": "a-12"}, ("same record number",)),
        (
            {"family_name": "LINDSTRÖM", "given_name": "anna maria", "birth_date": BORN},
            ("same name", "same date of birth"),
        ),
        ({"family_name": "Lindström", "given_name": "Anna Maria", "birth_date": None}, ("same name",)),
        (
            {"family_name": "Lindstrom", "given_name": "Annamaria", "birth_date": BORN},
            ("similar name", "same date of birth"),
        ),
        (
            {"family_name": "Anna Maria", "given_name": "Lindström", "birth_date": BORN},
            ("similar name", "same date of birth"),
        ),
        (KNOWN, ("same record number", "same name", "same date of birth")),
    ],
)
def test_it_names_who_is_alike_and_how(
    known: Patient, owner: User, entries: dict[str, Any], alike: tuple[str, ...]
) -> None:
    with pytest.raises(LikelyDuplicates) as caught:
        register_patient(registered_by=owner, **OTHER | entries)
    (candidate,) = caught.value.candidates
    assert (candidate.patient, candidate.reasons) == (known, alike)
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    "entries",
    [
        {"birth_date": BORN},
        {"family_name": "Lindström", "given_name": "Anna Maria"},
        {"family_name": "Lindström", "birth_date": None},
    ],
    ids=["another name", "another birth date", "another given name"],
)
def test_it_lets_others_be(known: Patient, owner: User, entries: dict[str, Any]) -> None:
    assert register_patient(registered_by=owner, **OTHER | entries) in Patient.objects.visible_to(owner)


def test_a_doctor_who_ruled_them_out_registers_anyway(known: Patient, owner: User) -> None:
    twin = register_patient(registered_by=owner, **KNOWN, not_duplicate_of=[known.pk])
    assert twin.pk != known.pk
    assert AuditEvent.objects.get(action="patient.registered").detail["duplicates"] == 1


def test_sending_it_twice_does_not_register_a_third(known: Patient, owner: User) -> None:
    twin = register_patient(registered_by=owner, **KNOWN, not_duplicate_of=[known.pk])
    with pytest.raises(LikelyDuplicates) as caught:
        register_patient(registered_by=owner, **KNOWN, not_duplicate_of=[known.pk])
    assert {candidate.patient for candidate in caught.value.candidates} == {known, twin}


def test_showing_them_is_a_look_that_the_trail_keeps(known: Patient, owner: User) -> None:
    with pytest.raises(LikelyDuplicates):
        register_patient(registered_by=owner, **KNOWN)
    event = AuditEvent.objects.get(action="patient.shown_as_duplicate")
    assert (event.actor, event.patient_id) == (owner, known.pk)


def test_of_a_strangers_patient_there_is_no_hint(
    known: Patient,
    web: Callable[[str], Client],
    api: Callable[[str], APIClient],
    stranger: User,
) -> None:
    register = {**KNOWN, "birth_date": "1984-03-27"}
    alike = api("stranger").post(API, register)
    different = api("stranger").post(API, {**OTHER, "birth_date": "1950-01-01"})
    assert alike.status_code == different.status_code == 201
    assert alike.json().keys() == different.json().keys()
    page = web("stranger").post(FORM, {**KNOWN, "record_number": "A-12 "})
    assert "Lindström" in page.content.decode()  # the stranger's own one is shown
    assert str(known.pk) not in page.content.decode()
    assert not AuditEvent.objects.filter(patient_id=known.pk).exists()


def test_naming_a_strangers_patient_as_ruled_out_makes_no_difference(
    known: Patient, api: Callable[[str], APIClient]
) -> None:
    body = {**KNOWN, "birth_date": "1984-03-27", "not_duplicate_of": [str(known.pk)]}
    assert api("stranger").post(API, body).status_code == 201


def test_the_page_shows_them_with_links_before_anything_else(owner_client: Client, known: Patient) -> None:
    response = owner_client.post(FORM, KNOWN)
    page = response.content.decode()
    assert response.status_code == 409
    assert f'href="/patients/{known.pk}/"' in page
    assert page.index("Is it one of these?") < page.index('name="record_number"')
    assert "Same record number, same name, same date of birth" in page
    assert Patient.objects.count() == 1


def test_the_page_registers_anyway(owner_client: Client, known: Patient) -> None:
    response = owner_client.post(FORM, {**KNOWN, "not_duplicate_of": [str(known.pk)]})
    assert response.status_code == 302
    assert Patient.objects.count() == 2


@pytest.mark.parametrize("bad", ["nonsense", "'--", "1"])
def test_what_is_no_id_rules_nobody_out(owner_client: Client, known: Patient, bad: str) -> None:
    assert owner_client.post(FORM, {**KNOWN, "not_duplicate_of": [bad]}).status_code == 400
    assert Patient.objects.count() == 1


def test_the_api_answers_with_the_candidates(api: Callable[[str], APIClient], known: Patient) -> None:
    body = {**KNOWN, "birth_date": "1984-03-27"}
    answer = api("owner").post(API, body)
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["code"] == "likely_duplicates"
    (candidate,) = document["candidates"]
    assert candidate["id"] == str(known.pk)
    assert candidate["alike"] == ["same record number", "same name", "same date of birth"]
    again = api("owner").post(API, body | {"not_duplicate_of": [candidate["id"]]})
    assert again.status_code == 201
    assert "not_duplicate_of" not in again.json()


@pytest.mark.parametrize("bad", ["yes", ["x"], None, [None], {}])
def test_the_api_refuses_what_is_no_list_of_ids(api: Callable[[str], APIClient], known: Patient, bad: Any) -> None:
    body = {**KNOWN, "birth_date": "1984-03-27", "not_duplicate_of": bad}
    assert api("owner").post(API, body, format="json").status_code == 400


def test_names_of_candidates_are_escaped(owner_client: Client, owner: User) -> None:
    patient = PatientFactory.create(created_by=owner, family_name="<script>x</script>", record_number="A-12")
    add_to_care_team(patient, owner)
    page = owner_client.post(FORM, KNOWN).content.decode()
    assert "<script>x" not in page
