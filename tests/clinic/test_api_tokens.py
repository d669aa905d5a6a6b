"""Signing in to the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from clinic.models import ApiToken, AuditEvent, TokenScope, User
from clinic.services.people import change_password
from clinic.services.tokens import MOST_TOKENS, issue_token
from tests.factories import PASSWORD

Api = Callable[[str], APIClient]
TOKENS = "/api/v1/tokens/"
CURRENT = "/api/v1/tokens/current/"


def test_it_gives_a_token_and_tells_until_when_it_is_good(owner: User) -> None:
    answer = APIClient().post(TOKENS, {"email": owner.email.upper(), "password": PASSWORD})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/v1/patients/").status_code == 200
    expires = datetime.fromisoformat(answer.json()["expires_at"])
    assert timedelta(hours=11) < expires - timezone.now() <= timedelta(hours=12)


def test_the_database_does_not_hold_the_token(owner: User) -> None:
    token = issue_token(person=owner).text
    stored = ApiToken.objects.values().get()
    assert token not in {str(value) for value in stored.values()}


def test_it_notes_who_got_a_token(owner: User) -> None:
    APIClient().post(TOKENS, {"email": owner.email, "password": PASSWORD})
    event = AuditEvent.objects.get(action="token.issued")
    assert (event.actor, event.address) == (owner, "127.0.0.1")


@pytest.mark.django_db
def test_an_unknown_address_a_wrong_password_and_a_deactivated_person_get_the_same_answer(owner: User) -> None:
    gone = User.objects.create(email="gone@clinic.example", full_name="G", role="doctor", is_active=False)
    gone.set_password(PASSWORD)
    gone.save()
    tries = [("nobody@clinic.example", PASSWORD), (owner.email, "wrong"), (gone.email, PASSWORD)]
    answers = [APIClient().post(TOKENS, {"email": email, "password": text}) for email, text in tries]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert answers[0].json()["detail"] == "The email address or the password is wrong."
    assert answers[0]["WWW-Authenticate"] == "Token"
    assert not ApiToken.objects.exists()


def test_the_sixth_try_for_an_account_from_one_address_must_wait(owner: User) -> None:
    for _ in range(5):
        assert APIClient().post(TOKENS, {"email": owner.email, "password": "wrong"}).status_code == 401
    answer = APIClient().post(TOKENS, {"email": f" {owner.email.upper()}", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 300
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_account_must_wait_just_as_long(db: None) -> None:
    tries = [APIClient().post(TOKENS, {"email": "nobody@clinic.example", "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429]


def test_one_address_cannot_try_many_accounts(owner: User) -> None:
    for number in range(30):
        assert APIClient().post(TOKENS, {"email": f"a{number}@b.example", "password": "x"}).status_code == 401
    assert APIClient().post(TOKENS, {"email": owner.email, "password": PASSWORD}).status_code == 429
    elsewhere = APIClient(REMOTE_ADDR="10.0.0.1")
    assert elsewhere.post(TOKENS, {"email": owner.email, "password": PASSWORD}).status_code == 201


def test_a_forged_forwarding_header_does_not_make_another_address(db: None) -> None:
    for number in range(30):
        body = {"email": f"a{number}@b.example", "password": "x"}
        APIClient().post(TOKENS, body, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    answer = APIClient().post(TOKENS, {"email": "z@b.example", "password": "x"}, HTTP_X_FORWARDED_FOR="10.9.9.9")
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/email"),
        ({"email": "a@b.example"}, "#/password"),
        ({"email": "a@b.example", "password": "x\x00"}, "#/password"),
        ({"email": "a" * 255, "password": "x"}, "#/email"),
        ({"email": ["a"], "password": "x"}, "#/email"),
        ({"email": "a@b.example", "password": "x", "remember": True}, "#/remember"),
        ([], "#"),
    ],
)
def test_it_says_what_is_wrong_with_the_entries(db: None, body: object, pointer: str) -> None:
    answer = APIClient().post(TOKENS, body)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_signing_out_makes_the_token_worthless_and_no_other(owner: User, api: Api) -> None:
    leaving, staying = api("owner"), api("owner")
    assert leaving.delete(CURRENT).status_code == 204
    assert leaving.get("/api/v1/patients/").status_code == 401
    assert staying.get("/api/v1/patients/").status_code == 200
    assert AuditEvent.objects.filter(action="token.revoked", actor=owner).count() == 1


def test_without_a_token_there_is_nothing_to_sign_out_of(owner: User) -> None:
    assert APIClient().delete(CURRENT).status_code == 401
    browser = APIClient()
    browser.force_login(owner)
    assert browser.delete(CURRENT).status_code == 409


@pytest.mark.parametrize("token", ["nonsense", "a b", "", "\x00", "ü" * 64, "x" * 5000])
def test_a_token_that_is_none_is_refused(db: None, token: str) -> None:
    answer = APIClient().get("/api/v1/patients/", HTTP_AUTHORIZATION=f"Token {token}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"


def test_an_expired_token_is_refused(owner: User, api: Api) -> None:
    client = api("owner")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get("/api/v1/patients/").status_code == 401


def test_a_deactivated_person_is_refused(owner: User, api: Api) -> None:
    client = api("owner")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert client.get("/api/v1/patients/").status_code == 401


def test_the_oldest_token_goes_when_a_person_has_too_many(owner: User, api: Api) -> None:
    oldest, second = api("owner"), api("owner")
    for _ in range(MOST_TOKENS - 1):
        issue_token(person=owner)
    assert oldest.get("/api/v1/patients/").status_code == 401
    assert second.get("/api/v1/patients/").status_code == 200
    assert ApiToken.objects.filter(user=owner).count() == MOST_TOKENS


def test_a_new_password_ends_the_tokens_got_with_the_old_one(owner: User, api: Api) -> None:
    client = api("owner")
    change_password(person=owner, password="another long pass phrase")
    assert client.get("/api/v1/patients/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_tries_that_arrive_at_once_are_counted_exactly() -> None:
    def try_once(number: int) -> int:
        client = APIClient(REMOTE_ADDR=f"10.0.0.{number}")
        status: int = client.post(TOKENS, {"email": "a@b.example", "password": "wrong"}).status_code
        connection.close()
        return status

    try:
        with ThreadPoolExecutor(16) as at_once:
            assert sorted(at_once.map(try_once, range(26))) == [401] * 20 + [429] * 6
    finally:
        cache.clear()


def test_a_browser_session_needs_the_csrf_token(owner: User) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner)
    answer = browser.post("/api/v1/patients/", {"record_number": "1", "family_name": "A"})
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_is_named_limited_and_as_short_as_asked_for(owner: User) -> None:
    wanted = {"name": "scanner", "scope": "read", "assays": ["leukemia"], "lifetime_hours": 1}
    told = APIClient().post(TOKENS, {"email": owner.email, "password": PASSWORD, **wanted}).json()
    assert {name: told[name] for name in ("name", "scope", "assays")} == {
        name: wanted[name] for name in ("name", "scope", "assays")
    }
    assert datetime.fromisoformat(told["expires_at"]) - timezone.now() <= timedelta(hours=1)
    token = ApiToken.objects.get()
    assert (token.name, token.scope, token.assays, str(token.public_id)) == (
        "scanner",
        "read",
        ["leukemia"],
        told["id"],
    )


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"assays": []}, "#/assays"),
        ({"assays": ["prostate"]}, "#/assays/0"),
        ({"assays": "leukemia"}, "#/assays"),
        ({"lifetime_hours": 0}, "#/lifetime_hours"),
        ({"lifetime_hours": 24 * 90 + 1}, "#/lifetime_hours"),
        ({"name": "x" * 101}, "#/name"),
        ({"scope": "all"}, "#/scope"),
    ],
)
def test_it_gives_no_token_for_entries_that_are_unfit(owner: User, entry: dict[str, object], pointer: str) -> None:
    answer = APIClient().post(TOKENS, {"email": owner.email, "password": PASSWORD, **entry})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert not ApiToken.objects.exists()


def test_one_sees_ones_own_tokens_without_their_texts(owner: User, stranger: User, api: Api) -> None:
    issue_token(person=stranger, name="another's")
    issue_token(person=owner, name="gone", lifetime=timedelta(hours=1))
    ApiToken.objects.filter(name="gone").update(expiry=timezone.now() - timedelta(seconds=1))
    issued = issue_token(person=owner, name="scanner", assays=["breast"])
    answer = api("owner").get(TOKENS)
    listed = {one["name"]: one for one in answer.json()["results"]}
    assert set(listed) == {"scanner", ""}
    assert listed["scanner"]["assays"] == ["breast"]
    assert listed["scanner"]["last_used_at"] is None
    assert listed[""]["last_used_at"] is not None
    assert issued.text not in answer.content.decode()
    assert issued.token.digest not in answer.content.decode()


def test_tokens_are_listed_page_by_page(owner: User, api: Api) -> None:
    for number in range(3):
        issue_token(person=owner, name=str(number))
    client = api("owner")
    first = client.get(f"{TOKENS}?page_size=2").json()
    names = [one["name"] for page in (first, client.get(first["next"]).json()) for one in page["results"]]
    assert names == ["", "2", "1", "0"]
    assert client.get(f"{TOKENS}?name=0").status_code == 400


def test_a_token_is_revoked_by_its_id(owner: User, api: Api) -> None:
    lost, staying = issue_token(person=owner), api("owner")
    address = f"{TOKENS}{lost.token.public_id}/"
    assert staying.get(address).json()["id"] == str(lost.token.public_id)
    assert staying.delete(address).status_code == 204
    client = APIClient(headers={"Authorization": f"Token {lost.text}"})
    assert client.get("/api/v1/patients/").status_code == 401
    assert staying.delete(address).status_code == 404
    assert AuditEvent.objects.get(action="token.revoked").detail == {"token": str(lost.token.public_id)}


def test_nobody_revokes_anothers_token(owner: User, stranger: User, administrator: User, api: Api) -> None:
    address = f"{TOKENS}{issue_token(person=owner).token.public_id}/"
    for who in ("stranger", "administrator"):
        assert api(who).delete(address).status_code == 404
    assert ApiToken.objects.filter(user=owner).exists()


def test_a_token_that_only_reads_revokes_no_other(owner: User) -> None:
    other = issue_token(person=owner)
    reading = APIClient(headers={"Authorization": f"Token {issue_token(person=owner, scope=TokenScope.READ).text}"})
    assert reading.delete(f"{TOKENS}{other.token.public_id}/").status_code == 403
    assert ApiToken.objects.filter(pk=other.token.pk).exists()
