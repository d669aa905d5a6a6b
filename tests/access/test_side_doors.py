"""Ways to learn of a patient other than the patient's own address."""

import json
from typing import Any

import pytest

from clinic.models import Patient
from tests.access.asking import ask, send, undone
from tests.access.rows import ROWS, Row
from tests.access.world import World

pytestmark = pytest.mark.django_db
OUTSIDE = ("stranger", "administrator", "auditor")
CLINICAL_LISTS = ("patient", "case", "image", "analysis", "prediction")


def row_of(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


@pytest.mark.parametrize("who", OUTSIDE)
@pytest.mark.parametrize("kind", CLINICAL_LISTS)
def test_lists_are_empty_and_count_nothing(world: World, kind: str, who: str) -> None:
    answer = ask(world, row_of(f"api:{kind}-list"), who, "GET", world.ids)
    assert answer.json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("who", OUTSIDE)
@pytest.mark.parametrize(
    ("kind", "parameter", "thing"),
    [
        ("case", "patient", "patient"),
        ("image", "case", "case"),
        ("analysis", "case", "case"),
        ("analysis", "image", "image"),
        ("prediction", "case", "case"),
        ("prediction", "patient", "patient"),
    ],
)
def test_a_hidden_id_in_a_filter_finds_what_a_missing_one_finds(
    world: World, who: str, kind: str, parameter: str, thing: str
) -> None:
    with undone():
        hidden, missing = (
            send(world.client(who), row_of(f"api:{kind}-list"), "GET", world.ids, f"?{parameter}={one}")
            for one in (world.ids[thing], world.ids["doctor"])
        )
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)


def searches(world: World, who: str, text: str) -> list[Any]:
    """All that searching as one types gives: on the page, in its fragment, by the API."""
    with undone():
        client = world.client(who)
        return [
            client.post("/patients/", {"query": text}),
            client.post("/patients/", {"query": text}, headers={"HX-Request": "true"}),
            client.post("/api/v1/patients/search/", {"search": text}, content_type="application/json"),
        ]


@pytest.mark.parametrize("who", OUTSIDE)
def test_search_says_of_a_hidden_patient_what_it_says_of_none(world: World, who: str) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    for identifier in (patient.family_name, patient.record_number, patient.family_name[:3], patient.given_name):
        for answer in searches(world, who, identifier):
            text = answer.content.decode().replace(identifier, "")
            assert str(patient.pk) not in text
            assert patient.record_number not in text
    hidden, none = (searches(world, who, text)[2] for text in (patient.family_name, "Nobody at all"))
    assert hidden.content == none.content


def test_the_search_finds_the_patient_for_the_team(world: World) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    assert all(str(patient.pk) in answer.content.decode() for answer in searches(world, "owner", patient.family_name))


def test_registering_somebody_elses_patient_gives_no_hint(world: World) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    body = {"record_number": patient.record_number, "family_name": patient.family_name}
    with undone():
        answer = world.client("stranger").post("/api/v1/patients/", body, content_type="application/json")
        assert answer.status_code == 201
        assert str(patient.pk) not in answer.content.decode()


@pytest.mark.parametrize("who", ["stranger", "administrator"])
def test_a_hidden_patient_in_a_body_is_like_a_missing_one(world: World, who: str) -> None:
    answers = []
    for patient in (world.ids["patient"], world.ids["doctor"]):
        with undone():
            body = json.dumps({"patient": str(patient), "assay": "leukemia", "specimen_date": "2026-01-02"})
            answers.append(world.client(who).post("/api/v1/cases/", body, content_type="application/json"))
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == answers[1].status_code >= 400


def test_an_emergency_search_that_misses_says_the_same_for_a_known_and_an_unknown_number(world: World) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    reason = "Brought in unconscious at night."
    pages = []
    for number in (patient.record_number, "MRN-none"):
        with undone():
            client = world.client("stranger")
            answer = client.post(
                "/emergency-access/", {"record_number": number, "family_name": "Wrong", "reason": reason}
            )
            pages.append(answer.content.decode().replace(number, "NUMBER"))
            assert answer.status_code == 400
    alike = [page.split("<main")[1].split("csrfmiddlewaretoken")[0] for page in pages]
    assert alike[0] == alike[1]
    assert patient.given_name not in pages[0]


@pytest.mark.parametrize("name", ["api:schema", "api:docs"])
def test_the_schema_page_tells_nothing_of_anybody(world: World, name: str) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    said = {ask(world, row_of(name), who, "GET", world.ids).content.decode() for who in ("anonymous", "auditor")}
    for text in said:
        assert patient.record_number not in text
        assert "owner@clinic.example" not in text
    if name == "api:schema":
        assert len(said) == 1  # the same for everybody


def test_an_administrator_finds_no_doctor_by_the_search_of_doctors(world: World) -> None:
    answer = ask(world, row_of("api:doctor-search"), "administrator", "POST", world.ids)
    assert answer.status_code == 403
    assert "clinic.example" not in answer.content.decode()
