"""The second step: an app's code, a passkey or a recovery code beside the password."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import AuditEvent, User
from clinic.services.second_step import reset_second_step
from tests.clinic.second_steps import code_of, decrypted, give_app, give_recovery_codes, stored_secret
from tests.factories import PASSWORD

Web = Callable[[str], Client]
SECOND = "/sign-in/second-step/"
TOKENS = "/api/v1/tokens/"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def required(settings: Settings) -> None:
    settings.MFA_REQUIRED_ROLES = frozenset({"administrator"})


def first_step(person: User) -> Client:
    client = Client()
    answer = client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    assert answer["Location"] == SECOND
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def confirmed(client: Client) -> Client:
    """The person has just shown once more who they are."""
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302
    return client


def token(person: User, **more: str) -> Any:
    return APIClient().post(TOKENS, {"email": person.email, "password": PASSWORD, **more})


def test_the_password_alone_opens_nothing(owner: User) -> None:
    give_app(owner)
    assert not is_signed_in(first_step(owner))


def test_the_apps_code_opens_the_session(owner: User) -> None:
    secret = give_app(owner)
    client = first_step(owner)
    assert client.post(SECOND, {"code": code_of(secret)})["Location"] == "/"
    assert is_signed_in(client)
    assert AuditEvent.objects.get(action="person.signed_in").detail["way"] == "password+totp"


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_codes_are_taken_a_little_early_and_late(owner: User, steps: int, *, is_taken: bool) -> None:
    secret = give_app(owner)
    with time_machine.travel("2026-03-01 08:00:10", tick=False):
        client = first_step(owner)
        client.post(SECOND, {"code": code_of(secret, steps=steps)})
        assert is_signed_in(client) is is_taken


def test_a_code_is_good_once_for_as_long_as_it_is_taken(owner: User) -> None:
    secret = give_app(owner)
    with time_machine.travel("2026-03-01 08:00:01", tick=False) as clock:
        code = code_of(secret, steps=1)
        first_step(owner).post(SECOND, {"code": code})
        clock.shift(timedelta(seconds=45))
        again = first_step(owner)
        assert "was used before" in again.post(SECOND, {"code": code}).content.decode()
        assert not is_signed_in(again)


def test_wrong_codes_must_wait_after_five_and_are_on_record(owner: User) -> None:
    secret = give_app(owner)
    client = first_step(owner)
    for _ in range(5):
        assert "This is not right" in client.post(SECOND, {"code": "000000"}).content.decode()
    assert "Too many wrong codes." in client.post(SECOND, {"code": code_of(secret)}).content.decode()
    assert AuditEvent.objects.filter(action="person.second_step_failed", subject_id=str(owner.pk)).count() == 5


def test_the_second_step_must_follow_within_ten_minutes(owner: User) -> None:
    secret = give_app(owner)
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        client = first_step(owner)
        clock.shift(timedelta(minutes=10, seconds=1))
        assert client.post(SECOND, {"code": code_of(secret)})["Location"] == "/sign-in/"
        assert not is_signed_in(client)


def test_who_stops_half_way_can_sign_in_as_somebody_else(owner: User) -> None:
    give_app(owner)
    client = first_step(owner)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert "Sign in" in client.get("/sign-in/").content.decode()


def test_a_recovery_code_stands_in_once(owner: User) -> None:
    give_app(owner)
    codes = give_recovery_codes(owner)
    client = first_step(owner)
    client.post(SECOND, {"code": codes[0]})
    assert is_signed_in(client)
    again = first_step(owner)
    again.post(SECOND, {"code": codes[0]})
    assert not is_signed_in(again)
    assert AuditEvent.objects.get(action="person.recovery_code_used").detail == {"left": 9}


def test_setting_up_the_app_asks_for_the_password_and_shows_the_codes_once(web: Web, owner: User) -> None:
    client = web("owner")
    assert client.get("/account/second-step/app/")["Location"].startswith("/account/confirm/")
    confirmed(client)
    page = client.get("/account/second-step/app/")
    secret = page.context["form"].secret
    assert "<svg" in page.content.decode()
    assert "data:image" not in page.content.decode()
    assert client.post("/account/second-step/app/", {"code": code_of(secret)})["Location"].endswith("/codes/")
    shown = client.get("/account/second-step/codes/").content.decode()
    codes = Authenticator.objects.get(user=owner, type="recovery_codes").wrap().get_unused_codes()
    assert all(code in shown for code in codes)
    assert codes[0] not in client.get("/account/second-step/codes/").content.decode()
    kinds = AuditEvent.objects.filter(action="person.second_step_added", actor=owner).order_by("pk")
    assert [event.detail["kind"] for event in kinds] == ["totp", "recovery_codes"]


def test_a_confirmation_with_a_wrong_password_is_on_record(web: Web, owner: User) -> None:
    answer = web("owner").post("/account/confirm/", {"password": "wrong"})
    assert "This is not your password." in answer.content.decode()
    assert AuditEvent.objects.filter(action="person.confirmation_failed", actor=owner).count() == 1


def test_removing_the_app_is_on_record(web: Web, owner: User) -> None:
    give_app(owner)
    client = confirmed(web("owner"))
    assert client.post("/account/second-step/app/remove/")["Location"] == "/account/second-step/"
    assert not Authenticator.objects.filter(user=owner).exists()
    assert AuditEvent.objects.get(action="person.second_step_removed").actor == owner


def test_the_database_alone_gives_nobody_the_secret(owner: User, settings: Settings) -> None:
    secret = give_app(owner)
    stored = stored_secret(owner)
    assert secret not in stored
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key " * 8
    assert decrypted(stored) == secret


def test_who_must_have_one_reaches_nothing_else_until_it_is_set_up(
    required: None, web: Web, administrator: User
) -> None:
    client = web("administrator")
    for address in ("/", "/models/", "/people/", "/account/", "/admin/", "/nowhere/"):
        assert client.get(address).status_code in {302, 404}
        assert client.post(address).status_code != 200
    assert client.get("/people/")["Location"] == "/account/second-step/"
    page = client.get("/account/second-step/").content.decode()
    assert "Your role asks for a second step." in page
    refused = client.get("/api/v1/models/")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_step_not_set_up")
    confirmed(client)
    secret = client.get("/account/second-step/app/").context["form"].secret
    client.post("/account/second-step/app/", {"code": code_of(secret)})
    assert client.get("/people/").status_code == 200


def test_other_roles_need_none(required: None, web: Web, owner: User) -> None:
    assert web("owner").get("/patients/").status_code == 200


def test_a_program_of_somebody_with_a_second_step_needs_a_code(owner: User) -> None:
    secret = give_app(owner)
    codes = give_recovery_codes(owner)
    asked = token(owner)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_step_required")
    wrong = token(owner, code="000000")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert token(owner, code=code_of(secret)).status_code == 201
    assert token(owner, code=code_of(secret)).status_code == 401
    assert token(owner, code=codes[3]).status_code == 201
    assert AuditEvent.objects.filter(action="person.recovery_code_used").count() == 1


def test_a_program_of_somebody_who_must_have_one_gets_no_token_without(
    required: None, administrator: User, api: Callable[[str], APIClient]
) -> None:
    refused = token(administrator)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_step_not_set_up")
    assert api("administrator").get("/api/v1/models/").status_code == 401


def test_wrong_codes_of_programs_are_counted(owner: User) -> None:
    secret = give_app(owner)
    for _ in range(5):
        token(owner, code="000000")
    assert token(owner, code=code_of(secret)).status_code == 401


def test_an_administrator_resets_it(owner: User, administrator: User) -> None:
    give_app(owner)
    give_recovery_codes(owner)
    reset_second_step(person=owner, reset_by=administrator)
    assert not Authenticator.objects.filter(user=owner).exists()
    event = AuditEvent.objects.get(action="person.second_step_reset")
    assert (event.actor, event.subject_id, event.detail) == (administrator, str(owner.pk), {"removed": 1})


def test_nobody_else_does(owner: User, stranger: User, auditor: User) -> None:
    give_app(owner)
    for person in (stranger, auditor, owner):
        with pytest.raises(PermissionDenied):
            reset_second_step(person=owner, reset_by=person)


@pytest.mark.parametrize(
    "credential", ['{"id": "x"}', "[1]", '"x"', '{"response": {"userHandle": "AA"}}', '{"rawId": 1, "response": []}']
)
def test_a_passkey_that_is_none_is_refused_in_plain_words(client: Client, credential: str) -> None:
    answer = client.post("/sign-in/passkey/", {"credential": credential})
    assert answer["Location"] == "/sign-in/"
    assert "This is not right" in client.get("/sign-in/").content.decode()
