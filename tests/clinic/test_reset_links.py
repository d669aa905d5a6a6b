"""A forgotten password: a link in a mail, good once and for an hour."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from kombu.exceptions import OperationalError
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic import tasks
from clinic.models import AuditEvent, Role, User
from clinic.services.invitations import invite_person
from clinic.services.people import deactivate_person
from tests.factories import PASSWORD

NEW = "entirely new and long"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def link_for(person: User) -> str:
    """What the worker sends, without the site's name."""
    tasks.send_reset_link(str(person.pk))
    found = re.search(r"http://testserver(/password/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def follow(client: Client, link: str, password: str = NEW) -> Any:
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else link
    return client.post(address, {"password1": password, "password2": password})


def test_the_link_sets_a_new_password(client: Client, owner: User) -> None:
    link = link_for(owner)
    assert mail.outbox[0].to == [owner.email]
    assert follow(client, link)["Location"] == "/password/done/"
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert AuditEvent.objects.filter(action="person.password_reset", subject_id=str(owner.pk)).count() == 1


def test_the_link_goes_out_of_the_address_before_a_page_is_shown(client: Client, owner: User) -> None:
    link = link_for(owner)
    shown = client.get(link)
    assert shown.status_code == 302
    assert link.split("/")[-2] not in shown["Location"]


def test_it_ends_every_session_and_token(
    web: Callable[[str], Client], api: Callable[[str], APIClient], owner: User
) -> None:
    browser, program = web("owner"), api("owner")
    follow(Client(), link_for(owner))
    assert browser.get("/patients/").status_code == 302
    assert program.get("/api/v1/patients/").status_code == 401


def test_it_is_good_once(client: Client, owner: User) -> None:
    link = link_for(owner)
    follow(client, link)
    assert "This link is not good any more" in Client().get(link).content.decode()


def test_it_is_good_for_an_hour(client: Client, owner: User) -> None:
    with time_machine.travel("2026-03-01 08:00", tick=False) as clock:
        link = link_for(owner)
        clock.shift(timedelta(minutes=59))
        assert client.get(link).status_code == 302
        clock.shift(timedelta(minutes=2))
        assert "not good any more" in Client().get(link).content.decode()


def test_signing_in_makes_it_worthless(client: Client, owner: User) -> None:
    link = link_for(owner)
    client.post("/sign-in/", {"username": owner.email, "password": PASSWORD})
    assert "not good any more" in Client().get(link).content.decode()


def test_deactivating_the_person_makes_it_worthless(owner: User, administrator: User) -> None:
    link = link_for(owner)
    deactivate_person(person=owner, deactivated_by=administrator)
    assert "not good any more" in Client().get(link).content.decode()


def test_an_unfit_password_is_refused_beside_the_field(client: Client, owner: User) -> None:
    assert "at least 12 characters" in follow(client, link_for(owner), "short").content.decode()
    assert "not good any more" not in client.get("/password/").content.decode()


def test_nothing_is_sent_to_strangers_deactivated_or_invited_people(owner: User, administrator: User) -> None:
    deactivate_person(person=owner, deactivated_by=administrator)
    invited = invite_person(email="i@x.example", full_name="I", role=Role.DOCTOR, invited_by=administrator).person
    for pk in (owner.pk, invited.pk, "8f14e45f-ceea-467f-a8b5-1f0c0f6f3d11"):
        tasks.send_reset_link(str(pk))
    assert mail.outbox == []


def test_an_account_gets_three_mails_an_hour(owner: User, django_capture_on_commit_callbacks: Any) -> None:
    with (
        patch("clinic.services.reset_links.current_app.send_task") as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        answers = [Client().post("/password/", {"email": owner.email}) for _ in range(5)]
    assert sent.call_count == 3
    assert {answer["Location"] for answer in answers} == {"/password/sent/"}


def test_a_broker_that_is_down_changes_nothing_that_is_seen(
    owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    with (
        patch("clinic.services.reset_links.current_app.send_task", side_effect=OperationalError),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert Client().post("/password/", {"email": owner.email})["Location"] == "/password/sent/"


def test_a_mail_server_that_refuses_leaves_no_address_in_the_log(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    refusal = SMTPRecipientsRefused({owner.email: (550, b"no")})
    with patch("django.core.mail.EmailMessage.send", side_effect=refusal):
        tasks.send_reset_link(str(owner.pk))
    assert "SMTPRecipientsRefused" in caplog.text
    assert owner.email not in caplog.text


def test_a_site_without_mail_says_so(client: Client, settings: Settings) -> None:
    settings.SENDS_EMAIL = False
    assert "This site sends no mail." in client.get("/password/").content.decode()


def test_the_link_leads_to_this_site_whatever_the_request_says_its_host_is(owner: User, settings: Settings) -> None:
    settings.SITE_ADDRESS = "https://reader.example"
    tasks.send_reset_link(str(owner.pk))
    assert "https://reader.example/password/" in str(mail.outbox[0].body)
