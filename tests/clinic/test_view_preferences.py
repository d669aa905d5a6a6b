"""Each person reads in their own language and time; programs always get the same answers."""

from datetime import UTC, datetime
from html import unescape

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from clinic.services.preferences import choose_language_and_zone
from tests.factories import PASSWORD

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


def page(client: Client, path: str, **headers: str) -> str:
    return unescape(client.get(path, headers=headers).content.decode())


def test_a_page_is_in_the_language_that_the_browser_asks_for(client: Client, db: None) -> None:
    assert '<html lang="es"' in page(client, "/sign-in/", **SPANISH)
    assert '<html lang="en"' in page(client, "/sign-in/")
    assert '<html lang="en"' in page(client, "/sign-in/", **{"Accept-Language": "nl"})


def test_the_language_can_be_chosen_before_signing_in(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "es", "next": "/sign-in/?next=/models/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/?next=/models/")
    assert '<html lang="es"' in page(client, "/sign-in/")


def test_choosing_a_language_leads_nowhere_else(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "es", "next": "https://elsewhere.example/"})
    assert response.headers["Location"] == "/"


def test_a_language_that_there_is_not_changes_nothing(client: Client, db: None) -> None:
    client.post("/language/", {"language": "xx"})
    assert '<html lang="en"' in page(client, "/sign-in/")


def test_what_a_person_chose_goes_before_what_the_browser_asks_for(owner_client: Client, owner: User) -> None:
    owner_client.post("/account/preferences/", {"language": "en", "time_zone": ""})
    assert '<html lang="en"' in page(owner_client, "/account/", **SPANISH)
    owner_client.post("/account/preferences/", {"language": "", "time_zone": ""})
    assert '<html lang="es"' in page(owner_client, "/account/", **SPANISH)


def test_a_choice_is_in_the_trail(owner_client: Client, owner: User) -> None:
    for _ in range(2):
        owner_client.post("/account/preferences/", {"language": "es", "time_zone": "Europe/Madrid"})
    owner.refresh_from_db()
    assert (owner.language, owner.time_zone) == ("es", "Europe/Madrid")
    event = AuditEvent.objects.get(action="person.preferences_changed")
    assert (event.actor, event.detail) == (owner, {"language": "es", "time_zone": "Europe/Madrid"})


@pytest.mark.parametrize(
    "entered",
    [
        {"language": "xx", "time_zone": ""},
        {"language": "", "time_zone": "Europe/Nowhere"},
        {"language": "", "time_zone": "../../etc/passwd"},
        {"language": "e" * 5000, "time_zone": "E" * 5000},
    ],
)
def test_a_choice_that_there_is_not_is_refused(owner_client: Client, owner: User, entered: dict[str, str]) -> None:
    assert owner_client.post("/account/preferences/", entered).status_code == 400
    owner.refresh_from_db()
    assert (owner.language, owner.time_zone) == ("", "")


def test_the_account_page_offers_the_browsers_own_zone(owner_client: Client) -> None:
    owner_client.cookies["time-zone"] = "Asia/Tokyo"
    assert "As the browser says: Asia/Tokyo" in page(owner_client, "/account/")


@pytest.mark.parametrize("told", ["Europe/Nowhere", "../../etc/passwd", "x" * 3000, "\x00"])
def test_a_zone_that_no_browser_tells_is_passed_over(owner_client: Client, told: str) -> None:
    owner_client.cookies["time-zone"] = told
    assert "Times: UTC" in page(owner_client, "/account/")


def test_times_are_those_of_the_person_then_of_the_browser_then_of_the_site(
    owner_client: Client, owner: User, patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(created_at=datetime(2026, 1, 1, 23, 30, tzinfo=UTC))
    assert "1 Jan 2026" in page(owner_client, "/patients/")
    owner_client.cookies["time-zone"] = "Asia/Tokyo"
    assert "2 Jan 2026" in page(owner_client, "/patients/")
    choose_language_and_zone(person=owner, language="", time_zone="America/New_York")
    assert "1 Jan 2026" in page(owner_client, "/patients/")


def test_a_zone_that_is_no_longer_known_does_not_close_the_pages(owner_client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Europe/Gone")
    assert "Times: UTC" in page(owner_client, "/account/")


def test_one_persons_language_is_not_left_behind_for_the_next(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(language="es")
    client.force_login(owner)
    assert '<html lang="es"' in page(client, "/account/")
    assert '<html lang="en"' in page(Client(), "/sign-in/")


def test_a_program_gets_english_and_the_sites_time_whatever_it_asks_for(owner: User, patient: Patient) -> None:
    choose_language_and_zone(person=owner, language="es", time_zone="Asia/Tokyo")
    program = APIClient()
    program.force_authenticate(owner)
    answers = [
        program.post("/api/v1/patients/", {"family_name": ""}, headers=headers).json() for headers in ({}, SPANISH)
    ]
    assert answers[0] == answers[1]
    assert "required" in str(answers[0])
    assert program.get(f"/api/v1/patients/{patient.pk}/").json()["created_at"].endswith("Z")


def test_signing_in_keeps_the_language_chosen_at_the_door(client: Client, owner: User) -> None:
    client.post("/language/", {"language": "es"})
    client.post("/sign-in/", {"username": owner.email, "password": PASSWORD})
    assert '<html lang="es"' in page(client, "/account/")
