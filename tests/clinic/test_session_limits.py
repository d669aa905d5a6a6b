"""Sessions end by themselves, and at once when the account changes."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from time_machine import Traveller

from clinic.models import AuditEvent, Role, User
from clinic.services.people import change_password, change_role, deactivate_person
from clinic.services.second_step import reset_second_step
from diagnosis.models import Case
from tests.factories import PASSWORD

Web = Callable[[str], Client]
Api = Callable[[str], APIClient]
SESSION = "/account/session/"


@pytest.fixture
def clock(db: None) -> Iterator[Traveller]:
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        yield clock


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_it_ends_after_a_quarter_of_an_hour_without_anything_done(clock: Traveller, web: Web, owner: User) -> None:
    client = web("owner")
    clock.shift(timedelta(minutes=14, seconds=59))
    assert client.get(SESSION).json() == {"seconds_left": 1}
    clock.shift(timedelta(seconds=1))
    assert client.get("/patients/")["Location"] == "/sign-in/?next=/patients/"
    event = AuditEvent.objects.get(action="person.session_expired")
    assert (event.actor, event.subject_id, event.detail) == (None, str(owner.pk), {"why": "idle"})


def test_what_the_person_does_keeps_it_alive(clock: Traveller, web: Web) -> None:
    client = web("owner")
    for _ in range(4):
        clock.shift(timedelta(minutes=10))
        assert is_signed_in(client)


def test_it_ends_after_half_a_day_whatever_the_person_does(clock: Traveller, web: Web) -> None:
    client = web("owner")
    for _ in range(71):
        clock.shift(timedelta(minutes=10))
        assert is_signed_in(client)
    clock.shift(timedelta(minutes=10))
    assert not is_signed_in(client)
    assert AuditEvent.objects.get(action="person.session_expired").detail == {"why": "longest"}


@pytest.mark.parametrize("asked", ["list of a case", "session", "api"])
def test_what_a_page_asks_by_itself_does_not(clock: Traveller, web: Web, case: Case, asked: str) -> None:
    client = web("owner")
    address = {"list of a case": f"/cases/{case.pk}/images/", "session": SESSION, "api": "/api/v1/analyses/"}[asked]
    for _ in range(14):
        clock.shift(timedelta(minutes=1))
        assert client.get(address).status_code in {200, 204}
    clock.shift(timedelta(minutes=1))
    assert not is_signed_in(client)


def test_a_page_says_when_the_person_is_at_work_on_it(clock: Traveller, web: Web) -> None:
    client = web("owner")
    clock.shift(timedelta(minutes=10))
    assert client.post(SESSION).json() == {"seconds_left": 900}
    assert client.get(SESSION).json() == {"seconds_left": 900}


def test_nobody_in_particular_has_no_time_left(client: Client, db: None) -> None:
    assert client.get(SESSION).json() == {"seconds_left": 0}


def test_a_session_that_was_never_begun_has_ended(web: Web) -> None:
    client = web("owner")
    session = client.session
    del session["active_at"]
    session.save()
    assert not is_signed_in(client)


def test_activity_is_not_written_with_every_request(clock: Traveller, web: Web) -> None:
    client = web("owner")

    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/models/")
        return sum('UPDATE "django_session"' in query["sql"] for query in queries)

    clock.shift(timedelta(seconds=29))
    assert writes() == 0
    clock.shift(timedelta(seconds=1))
    assert writes() == 1


def test_the_cookie_goes_with_the_browser(client: Client, owner: User) -> None:
    client.post("/sign-in/", {"username": owner.email, "password": PASSWORD})
    assert client.cookies["sessionid"]["max-age"] == ""


def changed(person: User, by: User, how: str) -> None:
    current = User.objects.get(pk=person.pk)
    if how == "password":
        change_password(person=current, password="another long pass phrase")
    elif how == "role":
        change_role(person=current, role=Role.AUDITOR, changed_by=by)
    elif how == "deactivation":
        deactivate_person(person=current, deactivated_by=by)
    else:
        reset_second_step(person=current, reset_by=by)


@pytest.mark.parametrize("how", ["password", "role", "deactivation", "second step"])
def test_a_change_of_the_account_ends_every_session_and_token_at_the_next_request(
    web: Web, api: Api, owner: User, administrator: User, how: str
) -> None:
    browsers, program = [web("owner"), web("owner")], api("owner")
    changed(owner, administrator, how)
    assert [is_signed_in(browser) for browser in browsers] == [False, False]
    assert program.get("/api/v1/patients/").status_code == 401


def test_a_role_changed_past_the_services_ends_the_sessions_too(web: Web, owner: User) -> None:
    client = web("owner")
    User.objects.filter(pk=owner.pk).update(role=Role.AUDITOR)
    assert not is_signed_in(client)


def test_changing_ones_own_password_keeps_this_session_and_no_other(web: Web, owner: User) -> None:
    here, elsewhere = web("owner"), web("owner")
    new = "another long pass phrase"
    here.post("/account/", {"old_password": PASSWORD, "new_password": new, "repeated": new})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_one_can_sign_out_everywhere(web: Web, api: Api, owner: User) -> None:
    here, elsewhere, program = web("owner"), web("owner"), api("owner")
    assert here.get("/account/everywhere/").status_code == 405
    assert here.post("/account/everywhere/")["Location"] == "/sign-in/"
    assert not is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert program.get("/api/v1/patients/").status_code == 401
    assert AuditEvent.objects.filter(action="person.signed_out_everywhere", actor=owner).count() == 1
