"""People, for administrators' programs."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Invitation, Role, User
from tests.clinic.second_steps import give_app
from tests.factories import UserFactory

Api = Callable[[str], APIClient]
PEOPLE = "/api/v1/people/"
NEW = {"email": "New@Clinic.Example", "full_name": "Nia New", "role": "doctor"}


def test_somebody_is_invited_by_mail(api: Api, administrator: User, mailoutbox: list[Any]) -> None:
    answer = api("administrator").post(PEOPLE, NEW)
    told = answer.json()
    assert (answer.status_code, told["mailed"], told["link"]) == (201, True, None)
    person = User.objects.get(email="new@clinic.example")
    assert told["person"]["has_password"] is False
    assert told["person"]["link_expires_at"] is not None
    assert answer["Location"].endswith(f"{PEOPLE}{person.pk}/")
    assert "/invitation/" in mailoutbox[0].body
    assert AuditEvent.objects.get(action="person.invited").actor == administrator


def test_without_a_mail_server_the_link_is_told_once(
    api: Api, administrator: User, settings: Settings, mailoutbox: list[Any]
) -> None:
    settings.SENDS_EMAIL = False
    told = api("administrator").post(PEOPLE, NEW).json()
    assert told["mailed"] is False
    assert "/invitation/" in told["link"]
    person = api("administrator").get(told["person"]["url"])
    assert "/invitation/" not in person.content.decode()


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"email": "taken@clinic.example"}, "#/email"),
        ({"email": "no address"}, "#/email"),
        ({"email": "a\x00@clinic.example"}, "#/email"),
        ({"full_name": ""}, "#/full_name"),
        ({"full_name": "x" * 201}, "#/full_name"),
        ({"role": "program"}, "#/role"),
        ({"role": "root"}, "#/role"),
        ({"password": "correct horse battery staple"}, "#/password"),
        ({"is_active": False}, "#/is_active"),
    ],
)
def test_it_says_what_is_wrong_with_an_invitation(
    api: Api, administrator: User, entry: dict[str, object], pointer: str
) -> None:
    UserFactory.create(email="taken@clinic.example")
    answer = api("administrator").post(PEOPLE, {**NEW, **entry})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Invitation.objects.exists()


def test_people_are_listed_filtered_and_found(api: Api, administrator: User, owner: User, auditor: User) -> None:
    client = api("administrator")
    gone = UserFactory.create(full_name="Gustav Gone", is_active=False)
    assert len(client.get(PEOPLE).json()["results"]) == 4
    for query, found in [("role=auditor", auditor), ("is_active=false", gone)]:
        assert [one["id"] for one in client.get(f"{PEOPLE}?{query}").json()["results"]] == [str(found.pk)]
    assert [one["id"] for one in client.post(f"{PEOPLE}search/", {"search": "gust"}).json()["results"]] == [
        str(gone.pk)
    ]
    assert client.get(f"{PEOPLE}?search=gust").status_code == 400
    for nonsense in ("role=program", "is_active=maybe", "is_active=1", "is_active="):
        assert client.get(f"{PEOPLE}?{nonsense}").status_code == 400


def test_no_answer_holds_a_password(api: Api, administrator: User, owner: User) -> None:
    for address in (PEOPLE, f"{PEOPLE}{owner.pk}/"):
        text = api("administrator").get(address).content.decode()
        assert owner.password not in text
        assert "md5" not in text


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    api: Api, administrator: User, django_assert_num_queries: Any
) -> None:
    UserFactory.create_batch(5)
    client = api("administrator")
    with django_assert_num_queries(5):  # token, tokens, its use, the count of requests, the page
        assert len(client.get(PEOPLE).json()["results"]) == 6


def test_a_role_is_changed_and_the_tokens_end(api: Api, administrator: User, owner: User) -> None:
    theirs = api("owner")
    answer = api("administrator").patch(f"{PEOPLE}{owner.pk}/", {"role": "auditor"})
    assert answer.json()["role"] == "auditor"
    assert theirs.get("/api/v1/patients/").status_code == 401


def test_the_last_administrator_stays(api: Api, administrator: User) -> None:
    client = api("administrator")
    here = f"{PEOPLE}{administrator.pk}/"
    for answer in (client.patch(here, {"role": "doctor"}), client.post(f"{here}deactivate/")):
        assert answer.status_code == 409
        assert "last active administrator" in answer.json()["detail"]
    administrator.refresh_from_db()
    assert administrator.is_staff


def test_an_account_is_closed_and_opened_again(api: Api, administrator: User, owner: User) -> None:
    client, theirs = api("administrator"), api("owner")
    assert client.post(f"{PEOPLE}{owner.pk}/deactivate/").json()["is_active"] is False
    assert theirs.get("/api/v1/patients/").status_code == 401
    assert client.post(f"{PEOPLE}{owner.pk}/new-link/").status_code == 409
    assert client.post(f"{PEOPLE}{owner.pk}/reactivate/").json()["is_active"] is True
    actions = set(AuditEvent.objects.filter(actor=administrator).values_list("action", flat=True))
    assert {"person.deactivated", "person.reactivated"} <= actions


def test_a_new_link_goes_to_the_person(api: Api, administrator: User, owner: User, mailoutbox: list[Any]) -> None:
    assert api("administrator").post(f"{PEOPLE}{owner.pk}/new-link/").json()["mailed"] is True
    assert mailoutbox[0].to == [owner.email]


def test_a_lost_second_step_is_reset(api: Api, administrator: User, owner: User) -> None:
    give_app(owner)
    client = api("administrator")
    assert client.get(f"{PEOPLE}{owner.pk}/").json()["has_second_step"] is True
    assert client.post(f"{PEOPLE}{owner.pk}/reset-second-step/").json()["has_second_step"] is False


def test_a_link_is_not_told_again_for_the_same_key(api: Api, administrator: User, settings: Settings) -> None:
    settings.SENDS_EMAIL = False
    client = api("administrator")
    first, second = (client.post(PEOPLE, NEW, HTTP_IDEMPOTENCY_KEY="once") for _ in range(2))
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "told_once")
    assert User.objects.filter(role=Role.DOCTOR).count() == 1
