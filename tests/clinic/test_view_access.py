"""Care team, emergency access and API tokens, as people meet them on the pages and through the API."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import ApiToken, EmergencyAccess, Patient, TokenScope, User
from clinic.services.tokens import issue_token
from tests.factories import PASSWORD

Web = Callable[[str], Client]
Api = Callable[[str], APIClient]
REASON = "Brought in unconscious <b>at night</b>."


def open_record(client: Client, patient: Patient) -> EmergencyAccess:
    client.post(
        "/emergency-access/",
        {"record_number": patient.record_number, "family_name": patient.family_name, "reason": REASON},
    )
    return EmergencyAccess.objects.get()


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_patients_page_shows_the_team(web: Web, patient: Patient, owner: User, colleague: User) -> None:
    page = text_of(web("owner"), f"/patients/{patient.pk}/")
    assert "<bdi>Olivia Owner</bdi> (you)" in page
    assert "Colin Colleague" in page


def test_a_colleague_is_found_and_added(web: Web, patient: Patient, stranger: User) -> None:
    address, client = f"/patients/{patient.pk}/care-team/", web("owner")
    fragment = client.post(address, {"query": "stella"}, headers={"HX-Request": "true"}).content.decode()
    assert f'value="{stranger.pk}"' in fragment
    assert "<html" not in fragment
    assert "is on the care team now" in client.post(f"{address}share/", {"doctor": stranger.pk}, follow=True).text
    assert web("stranger").get(f"/patients/{patient.pk}/").status_code == 200


def test_the_last_doctor_is_told_to_hand_over(web: Web, patient: Patient) -> None:
    page = web("owner").post(f"/patients/{patient.pk}/care-team/leave/", follow=True)
    assert "You are the last doctor on this care team." in page.text


def test_handing_over_takes_the_patient_off_ones_list(web: Web, patient: Patient, stranger: User) -> None:
    client = web("owner")
    client.post(f"/patients/{patient.pk}/care-team/hand-over/", {"doctor": stranger.pk})
    assert patient.family_name not in text_of(client, "/patients/")
    assert "<bdi>Olivia Owner</bdi>, from" in text_of(web("stranger"), f"/patients/{patient.pk}/care-team/")


def test_every_page_of_the_patient_says_that_it_is_an_emergency(web: Web, patient: Patient, stranger: User) -> None:
    client = web("stranger")
    access = open_record(client, patient)
    for address in (
        f"/patients/{patient.pk}/",
        f"/patients/{patient.pk}/cases/new/",
        f"/patients/{patient.pk}/care-team/",
    ):
        assert "Emergency access until" in text_of(client, address)
    client.post(f"/emergency-access/{access.pk}/end/")
    assert client.get(f"/patients/{patient.pk}/").status_code == 404
    assert "Emergency access until" not in text_of(web("owner"), f"/patients/{patient.pk}/")


def test_the_team_reads_the_notice_on_every_page_until_it_takes_note(web: Web, patient: Patient) -> None:
    access = open_record(web("stranger"), patient)
    client = web("owner")
    for address in ("/patients/", "/account/", f"/patients/{patient.pk}/"):
        page = text_of(client, address)
        assert "<bdi>Stella Stranger</bdi> opened the record of" in page
        assert "unconscious &lt;b&gt;at night" in page
    client.post(f"/emergency-access/notices/{access.notices.get().pk}/")
    assert "opened the record of" not in text_of(client, "/patients/")


def test_the_auditor_reads_who_why_and_what_but_no_name(web: Web, patient: Patient) -> None:
    client = web("stranger")
    open_record(client, patient)
    client.get(f"/patients/{patient.pk}/")
    page = text_of(web("auditor"), "/emergency-access/report/")
    for said in ("Stella Stranger", "at night", str(patient.pk), "<code>patient.viewed</code> 1"):
        assert said in page
    assert patient.family_name not in page


def test_a_token_is_shown_once_and_reads_only(web: Web, owner: User) -> None:
    client = web("owner")
    entries = {"name": "laboratory", "scope": "read", "lifetime": "30d", "password": PASSWORD}
    found = re.search(r"<code>(\w{64})</code>", client.post("/account/tokens/", entries).text)
    assert found
    page = text_of(client, "/account/tokens/")
    assert found.group(1) not in page
    assert "laboratory" in page
    program = APIClient(headers={"Authorization": f"Token {found.group(1)}"})
    assert program.get("/api/v1/patients/").status_code == 200
    answer = program.post("/api/v1/patients/", {"record_number": "1", "family_name": "A"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert (answer.json()["code"], answer.json()["detail"]) == ("read_only_token", "This token may only read.")
    assert ApiToken.objects.get().last_used_at is not None


def test_without_the_password_there_is_no_token(web: Web, owner: User) -> None:
    entries = {"name": "laboratory", "scope": "read", "lifetime": "30d", "password": "wrong"}
    assert web("owner").post("/account/tokens/", entries).status_code == 400
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_worthless_and_nobody_revokes_anothers(web: Web, owner: User, stranger: User) -> None:
    program = APIClient(headers={"Authorization": f"Token {issue_token(person=owner).text}"})
    address = f"/account/tokens/{ApiToken.objects.get().public_id}/revoke/"
    assert web("stranger").post(address).status_code == 404
    assert program.get("/api/v1/patients/").status_code == 200
    web("owner").post(address)
    assert program.get("/api/v1/patients/").status_code == 401


@pytest.mark.parametrize(
    ("asked", "given"), [({}, "write"), ({"scope": "read"}, "read"), ({"scope": "write"}, "write")]
)
def test_the_api_gives_a_token_of_the_scope_asked_for(owner: User, asked: dict[str, str], given: str) -> None:
    answer = APIClient().post("/api/v1/tokens/", {"email": owner.email, "password": PASSWORD, **asked})
    assert answer.json()["scope"] == given
    assert ApiToken.objects.get().scope == TokenScope(given)


def test_a_program_shares_hands_over_and_leaves(api: Api, patient: Patient, colleague: User, stranger: User) -> None:
    client, address = api("owner"), f"/api/v1/patients/{patient.pk}/care-team/"
    found = client.post("/api/v1/doctors/search/", {"search": "stella"}).json()["results"]
    assert [one["id"] for one in found] == [str(stranger.pk)]
    shared = client.post(address, {"doctor": found[0]["id"]})
    assert [one["doctor"]["full_name"] for one in shared.json()["members"]][-1] == "Stella Stranger"
    assert api("colleague").post(f"{address}leave/").status_code == 204
    assert client.post(f"{address}hand-over/", {"doctor": str(stranger.pk)}).status_code == 204
    assert client.get(address).status_code == 404
    assert api("stranger").post(f"{address}leave/").status_code == 409
