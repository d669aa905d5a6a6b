"""How often one may try to sign in: guessing is slow, and no outsider locks anybody out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from clinic.models import AuditEvent, User
from clinic.services import sign_in_limits
from clinic.services.sign_in_limits import Place, TooManyTries
from tests.factories import PASSWORD

ADDRESS = "/sign-in/"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def attempt(client: Client, email: str, password: str, *, address: str = "192.0.2.1") -> HttpResponse:
    response: HttpResponse = client.post(ADDRESS, {"username": email, "password": password}, REMOTE_ADDR=address)  # type: ignore[assignment]
    return response


def attack(email: str, *, tries: int = 40) -> None:
    """An outsider guesses from many addresses."""
    for number in range(tries):
        attempt(Client(), email, "guess", address=f"198.51.100.{number}")


def test_the_sixth_try_from_one_address_must_wait_even_with_the_right_password(owner: User) -> None:
    for _ in range(5):
        assert attempt(Client(), owner.email, "wrong").status_code == 400
    refused = attempt(Client(), owner.email, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    assert "Too many tries." in refused.content.decode()


def test_the_wait_ends(owner: User) -> None:
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        for _ in range(6):
            attempt(Client(), owner.email, "wrong")
        clock.shift(timedelta(seconds=299))
        assert attempt(Client(), owner.email, PASSWORD).status_code == 429
        clock.shift(timedelta(seconds=2))
        assert attempt(Client(), owner.email, PASSWORD).status_code == 302


def test_an_unknown_account_must_wait_in_the_same_words(owner: User) -> None:
    answers = [[attempt(Client(), email, "x") for _ in range(6)][-1] for email in (owner.email, "nobody@x.example")]
    assert [answer.status_code for answer in answers] == [429, 429]
    sentences = [answer.content.decode().split("Too many tries")[1][:60] for answer in answers]
    assert sentences[0] == sentences[1]


def test_right_passwords_are_no_failed_tries(owner: User) -> None:
    for _ in range(10):
        assert attempt(Client(), owner.email, PASSWORD).status_code == 302


def test_guessing_from_many_addresses_is_slowed_down(owner: User) -> None:
    attack(owner.email, tries=20)
    assert attempt(Client(), owner.email, PASSWORD, address="203.0.113.9").status_code == 429


def test_an_attack_does_not_lock_out_a_browser_the_person_has_used(owner: User) -> None:
    own = Client()
    attempt(own, owner.email, PASSWORD)
    own.post("/sign-out/")
    attack(owner.email)
    assert attempt(own, owner.email, PASSWORD, address="203.0.113.9").status_code == 302


def test_not_even_an_attack_from_the_persons_own_address_does(owner: User) -> None:
    own = Client()
    attempt(own, owner.email, PASSWORD)
    own.post("/sign-out/")
    for _ in range(40):
        attempt(Client(), owner.email, "guess")
    assert attempt(own, owner.email, PASSWORD).status_code == 302


def test_an_attack_from_elsewhere_does_not_lock_out_an_address_the_person_has_used(owner: User) -> None:
    attempt(Client(), owner.email, PASSWORD)
    attack(owner.email)
    assert attempt(Client(), owner.email, PASSWORD).status_code == 302


def test_a_known_browser_cannot_guess_for_ever(owner: User) -> None:
    own = Client()
    attempt(own, owner.email, PASSWORD)
    own.post("/sign-out/")
    statuses = [attempt(own, owner.email, "guess").status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_a_browser_that_is_known_for_one_account_is_not_for_another(owner: User, stranger: User) -> None:
    own = Client()
    attempt(own, stranger.email, PASSWORD)
    own.post("/sign-out/")
    assert [attempt(own, owner.email, "guess").status_code for _ in range(6)][-1] == 429


def test_a_forged_cookie_makes_no_known_browser(owner: User, settings: Settings) -> None:
    forger = Client()
    forger.cookies[settings.KNOWN_DEVICE_COOKIE_NAME] = "eyJhIjoiYiJ9:1x:forged"
    assert [attempt(forger, owner.email, "guess").status_code for _ in range(6)][-1] == 429


def test_one_address_cannot_try_many_accounts(owner: User) -> None:
    for number in range(30):
        attempt(Client(), f"a{number}@x.example", "x")
    assert attempt(Client(), owner.email, PASSWORD).status_code == 429
    assert attempt(Client(), owner.email, PASSWORD, address="192.0.2.2").status_code == 302


def test_a_network_of_the_new_protocol_counts_as_one_address() -> None:
    for number in range(30):
        sign_in_limits.take(email=f"a{number}@x.example", place=Place(address=f"2001:db8::{number:x}"))
    with pytest.raises(TooManyTries):
        sign_in_limits.take(email="b@x.example", place=Place(address="2001:db8::ffff"))
    sign_in_limits.take(email="b@x.example", place=Place(address="2001:db8:0:1::1"))


def test_the_trail_tells_of_every_failure_and_once_of_the_wait(owner: User) -> None:
    for _ in range(9):
        attempt(Client(), owner.email, "wrong")
    failed = AuditEvent.objects.filter(action="person.sign_in_failed")
    assert [(event.actor, event.subject_id) for event in failed] == [(None, str(owner.pk))] * 5
    throttled = AuditEvent.objects.get(action="person.sign_in_throttled")
    assert throttled.detail == {"way": "page", "limit": "account_and_address"}


def test_the_trail_holds_no_address_of_an_unknown_account_but_knows_it_again() -> None:
    for email in ("zzmarker@x.example", "ZZMARKER@x.example ", "other@x.example"):
        attempt(Client(), email, "wrong")
    events = list(AuditEvent.objects.filter(action="person.sign_in_failed").order_by("pk"))
    assert events[0].subject_id == events[1].subject_id != events[2].subject_id
    assert not [event for event in events if "zzmarker" in str(vars(event)).lower()]
