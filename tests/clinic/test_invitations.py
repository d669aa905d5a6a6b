"""One-time links by which people choose their first password."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from clinic.models import AuditEvent, Invitation, Role, User
from clinic.services import invitations
from clinic.services.invitations import IssuedLink, invite_person, renew_link
from clinic.services.people import deactivate_person

NEW = "entirely new and long"
EMAIL = "new@clinic.example"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def link(administrator: User) -> IssuedLink:
    return invite_person(email=EMAIL, full_name="Nora New", role=Role.DOCTOR, invited_by=administrator)


def path_of(link: IssuedLink) -> str:
    return link.address.removeprefix("http://testserver")


def choose(client: Client, password: str = NEW) -> int:
    return client.post("/invitation/", {"new_password": password, "repeated": password}).status_code


def test_the_person_chooses_a_password_and_signs_in_with_it(client: Client, link: IssuedLink) -> None:
    assert client.get(path_of(link))["Location"] == "/invitation/"
    assert "Nora New" in client.get("/invitation/").content.decode()
    assert choose(client) == 302
    assert client.post("/sign-in/", {"username": EMAIL, "password": NEW})["Location"] == "/"
    assert client.get("/patients/").status_code == 200
    actions = (
        AuditEvent.objects.filter(subject_id=str(link.person.pk), action__startswith="person.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(actions) == ["person.invited", "person.invitation_accepted", "person.signed_in"]


def test_nobody_signs_in_before_that(client: Client, link: IssuedLink) -> None:
    assert client.post("/sign-in/", {"username": EMAIL, "password": ""}).status_code == 400
    assert not link.person.has_usable_password()


def test_it_is_good_once(client: Client, link: IssuedLink) -> None:
    client.get(path_of(link))
    choose(client)
    other = Client()
    assert other.get(path_of(link)).status_code == 404
    assert choose(client) == 404


def test_two_who_open_it_at_once_do_not_both_set_a_password(link: IssuedLink) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.get(path_of(link))
    assert [choose(browser) for browser in browsers] == [302, 404]


def test_it_is_good_for_a_week(client: Client, administrator: User) -> None:
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        late = invite_person(email=EMAIL, full_name="Nora New", role=Role.DOCTOR, invited_by=administrator)
        clock.shift(timedelta(days=6, hours=23))
        assert client.get(path_of(late)).status_code == 302
        clock.shift(timedelta(hours=1))
        assert client.get(path_of(late)).status_code == 404
        assert choose(client) == 404


def test_a_new_link_makes_the_earlier_one_worthless(client: Client, link: IssuedLink, administrator: User) -> None:
    newer = renew_link(person=link.person, made_by=administrator)
    assert client.get(path_of(link)).status_code == 404
    assert client.get(path_of(newer)).status_code == 302


def test_deactivating_the_person_makes_it_worthless(client: Client, link: IssuedLink, administrator: User) -> None:
    deactivate_person(person=link.person, deactivated_by=administrator)
    assert client.get(path_of(link)).status_code == 404
    with pytest.raises(ValidationError, match="deactivated"):
        renew_link(person=link.person, made_by=administrator)


def test_the_database_does_not_hold_the_link(link: IssuedLink) -> None:
    token = link.address.rstrip("/").rsplit("/", 1)[-1]
    assert token not in str(Invitation.objects.values().get())


@pytest.mark.parametrize("token", ["x", "%00", "ü" * 50, "a" * 3000])
def test_a_link_that_is_none_says_so(client: Client, token: str) -> None:
    answer = client.get(f"/invitation/{token}/")
    assert answer.status_code == 404


def test_an_unfit_password_leaves_the_link_good(client: Client, link: IssuedLink) -> None:
    client.get(path_of(link))
    assert choose(client, "short") == 400
    assert choose(client) == 302


def test_it_signs_out_whoever_used_the_browser_before(link: IssuedLink, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    client.get(path_of(link))
    assert client.get("/account/").status_code == 302


def test_only_administrators_invite(owner: User, auditor: User) -> None:
    for person in (owner, auditor):
        with pytest.raises(PermissionDenied):
            invite_person(email=EMAIL, full_name="N", role=Role.DOCTOR, invited_by=person)
        with pytest.raises(PermissionDenied):
            renew_link(person=owner, made_by=person)


def test_an_address_is_taken_once_whatever_its_case(link: IssuedLink, administrator: User) -> None:
    with pytest.raises(ValidationError):
        invite_person(email=EMAIL.upper(), full_name="N", role=Role.DOCTOR, invited_by=administrator)


def test_the_first_administrator_gets_a_link_on_the_command_line(client: Client) -> None:
    told = StringIO()
    call_command("create_admin", "First@Clinic.example", "Fay First", stdout=told)
    address = told.getvalue().splitlines()[-1].removeprefix("http://testserver")
    person = User.objects.get(email="first@clinic.example")
    assert (person.role, person.has_usable_password()) == ("administrator", False)
    client.get(address)
    assert choose(client) == 302
    assert AuditEvent.objects.get(action="person.invited").actor is None
    assert mail.outbox == []


def test_that_link_is_good_for_a_day(client: Client) -> None:
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        link = invitations.create_administrator(email=EMAIL, full_name="N")
        clock.shift(timedelta(hours=24))
        assert client.get(path_of(link)).status_code == 404


def test_asked_again_it_makes_a_new_link_until_the_first_was_used(client: Client) -> None:
    first = invitations.create_administrator(email=EMAIL, full_name="N")
    second = invitations.create_administrator(email=EMAIL, full_name="N")
    assert client.get(path_of(first)).status_code == 404
    client.get(path_of(second))
    choose(client)
    with pytest.raises(CommandError):
        call_command("create_admin", EMAIL, "N")


@pytest.mark.django_db(transaction=True)
def test_two_at_the_very_same_moment_do_not_both_set_a_password() -> None:
    link = invitations.create_administrator(email=EMAIL, full_name="N")
    token = link.address.rstrip("/").rsplit("/", 1)[-1]
    outcomes: list[bool] = []
    barrier = threading.Barrier(2)

    def accept(password: str) -> None:
        barrier.wait()
        try:
            invitations.accept_invitation(token=token, password=password)
            outcomes.append(True)
        except ValidationError:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(f"{NEW} {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
