"""Signing in and out."""

from collections.abc import Callable

import pytest
from django.test import Client

from clinic.models import AuditEvent, User
from tests.factories import PASSWORD

ADDRESS = "/sign-in/"
REFUSAL = "This email address and password do not belong together."


def test_it_signs_in_whatever_the_address_is_written_like(client: Client, owner: User) -> None:
    response = client.post(ADDRESS, {"username": owner.email.upper(), "password": PASSWORD})
    assert response["Location"] == "/"
    assert client.get("/patients/").status_code == 200
    assert AuditEvent.objects.filter(action="person.signed_in", actor=owner).count() == 1


@pytest.mark.parametrize("email", ["known", "nobody@clinic.example"])
def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nobody(
    client: Client, owner: User, email: str
) -> None:
    entries = {"username": owner.email if email == "known" else email, "password": "wrong"}
    page = client.post(ADDRESS, entries).content.decode()
    assert REFUSAL in page


def test_a_deactivated_person_is_refused_like_anybody(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    page = client.post(ADDRESS, {"username": owner.email, "password": PASSWORD}).content.decode()
    assert REFUSAL in page


def test_empty_fields_are_named(client: Client, db: None) -> None:
    page = client.post(ADDRESS, {}).content.decode()
    assert "Enter your email address." in page
    assert "Enter your password." in page


def test_it_returns_to_the_page_that_was_asked_for(client: Client, owner: User) -> None:
    assert client.get("/patients/new/")["Location"] == "/sign-in/?next=/patients/new/"
    entries = {"username": owner.email, "password": PASSWORD, "next": "/patients/new/"}
    assert client.post(ADDRESS, entries)["Location"] == "/patients/new/"


def test_it_leads_to_no_other_site(client: Client, owner: User) -> None:
    entries = {"username": owner.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post(ADDRESS, entries)["Location"] == "/"


def test_a_page_that_polls_is_led_here_as_a_whole(client: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/cases/1/"}
    response = client.get("/patients/", headers=headers, follow=True)
    assert response["HX-Redirect"] == "/sign-in/?next=%2Fcases%2F1%2F"


def test_it_signs_out_by_post_alone(web: Callable[[str], Client], owner: User) -> None:
    client = web("owner")
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/patients/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/patients/").status_code == 302
    assert AuditEvent.objects.filter(action="person.signed_out", actor=owner).count() == 1


def test_a_forged_form_is_refused_in_plain_words(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = client.post("/patients/new/", {"record_number": "1", "family_name": "Forged"})
    assert response.status_code == 403
    assert "Nothing was changed." in response.content.decode()
