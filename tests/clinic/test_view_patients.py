"""Finding and registering patients."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from clinic.models import AuditEvent, Patient, User
from clinic.selectors.patients import PAGE_SIZE
from tests.factories import PatientFactory, add_to_care_team

ADDRESS = "/patients/"


def registered(owner: User, **entries: Any) -> Patient:
    patient = PatientFactory.create(created_by=owner, **entries)
    add_to_care_team(patient, owner)
    return patient


@pytest.mark.parametrize("who", ["owner", "colleague"])
def test_the_care_team_sees_the_patient(web: Callable[[str], Client], patient: Patient, who: str) -> None:
    page = web(who).get(ADDRESS).content.decode()
    assert patient.family_name in page
    assert patient.record_number in page


def test_strangers_see_no_patient_and_read_what_to_do(web: Callable[[str], Client], patient: Patient) -> None:
    page = web("stranger").get(ADDRESS).content.decode()
    assert patient.family_name not in page
    assert "You have no patients yet" in page


@pytest.mark.parametrize("who", ["administrator", "auditor"])
@pytest.mark.parametrize("address", [ADDRESS, "/patients/new/"])
def test_it_is_closed_to_everybody_but_doctors(web: Callable[[str], Client], who: str, address: str) -> None:
    response = web(who).get(address)
    assert response.status_code == 403
    assert "This is not open to you" in response.content.decode()


@pytest.mark.parametrize("query", ["berg", "BERG ann", "ann, hol", "AB-77", "ho", "77"])
def test_it_finds_by_any_part_of_name_or_number(owner_client: Client, owner: User, query: str) -> None:
    registered(owner, family_name="Holmberg", given_name="Anna", record_number="77-AB-7712")
    registered(owner, family_name="Otherwise", given_name="Nobody", record_number="1")
    page = owner_client.post(ADDRESS, {"query": query}).content.decode()
    assert "Holmberg, Anna" in page
    assert "Otherwise" not in page


def test_it_says_what_to_do_when_nothing_is_found(owner_client: Client, patient: Patient) -> None:
    page = owner_client.post(ADDRESS, {"query": "nobody%_"}).content.decode()
    assert "No patient of yours matches" in page


def test_typing_gets_the_list_alone(owner_client: Client, patient: Patient) -> None:
    page = owner_client.post(ADDRESS, {"query": patient.family_name}, headers={"HX-Request": "true"}).content.decode()
    assert patient.record_number in page
    assert "<html" not in page


def test_a_search_is_audited_by_its_count_and_never_by_its_words(owner_client: Client, patient: Patient) -> None:
    owner_client.post(ADDRESS, {"query": patient.family_name})
    event = AuditEvent.objects.get(action="patients.searched")
    assert event.detail == {"count": 1}
    assert patient.family_name not in str(vars(event))


def test_pages_follow_one_another_by_name_and_back(owner_client: Client, owner: User) -> None:
    names = [f"Name{number:03}" for number in range(PAGE_SIZE + 7)]
    patients = [registered(owner, family_name=name) for name in reversed(names)][::-1]
    first = owner_client.get(ADDRESS).context["page"]
    assert [patient.family_name for patient in first.patients] == names[:PAGE_SIZE]
    assert (first.has_before, first.has_after) == (False, True)
    second = owner_client.post(ADDRESS, {"after": first.patients[-1].pk}).context["page"]
    assert second.patients == patients[PAGE_SIZE:]
    assert (second.has_before, second.has_after) == (True, False)
    back = owner_client.post(ADDRESS, {"before": second.patients[0].pk}).context["page"]
    assert back.patients == first.patients


def test_namesakes_are_neither_skipped_nor_shown_twice(owner_client: Client, owner: User) -> None:
    for _ in range(PAGE_SIZE + 3):
        registered(owner, family_name="Smith", given_name="Ann")
    first = owner_client.get(ADDRESS).context["page"].patients
    second = owner_client.post(ADDRESS, {"after": first[-1].pk}).context["page"].patients
    assert len({patient.pk for patient in [*first, *second]}) == PAGE_SIZE + 3


@pytest.mark.parametrize("bad", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_place_in_the_list_leads_to_its_beginning(owner_client: Client, patient: Patient, bad: str) -> None:
    assert owner_client.post(ADDRESS, {"after": bad}).context["page"].patients == [patient]


def test_the_list_takes_as_many_queries_for_one_patient_as_for_many(
    owner_client: Client, owner: User, patient: Patient, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(8):  # session, person, emergencies, patients, search, earlier looks, looks, notices
        owner_client.get(ADDRESS)
    for _ in range(20):
        registered(owner)
    with django_assert_num_queries(8):
        owner_client.get(ADDRESS)


def test_it_registers_a_patient(owner_client: Client, owner: User) -> None:
    entries = {"record_number": " 4711 ", "family_name": "Nobel", "given_name": "Ida", "birth_date": "1984-03-27"}
    response = owner_client.post("/patients/new/", entries)
    patient = Patient.objects.visible_to(owner).get()
    assert response["Location"] == f"/patients/{patient.pk}/"
    assert (patient.record_number, str(patient), str(patient.birth_date)) == ("4711", "Nobel, Ida", "1984-03-27")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"record_number": ""}, "Enter the record number."),
        ({"family_name": " "}, "Enter the family name."),
        ({"birth_date": "2999-01-01"}, "This date of birth lies in the future."),
        ({"birth_date": "yesterday"}, "Enter a date, for example 1984-03-27."),
        ({"family_name": "x" * 101}, "at most 100 characters"),
        ({"family_name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_it_says_beside_the_field_what_is_wrong(owner_client: Client, entries: dict[str, str], sentence: str) -> None:
    response = owner_client.post("/patients/new/", {"record_number": "1", "family_name": "Nobel"} | entries)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not Patient.objects.exists()


def test_names_are_shown_escaped(owner_client: Client, owner: User) -> None:
    registered(owner, family_name="<script>alert(1)</script>", given_name='"><img src=x>', record_number="'&<b>")
    page = owner_client.get(ADDRESS).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
