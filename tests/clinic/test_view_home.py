"""The first page, the account, and the pages for errors."""

from collections.abc import Callable

import pytest
from django.test import Client

from clinic.models import AuditEvent, User
from tests.factories import PASSWORD

NEW = "entirely new and long"


@pytest.mark.parametrize(("who", "where"), [("owner", "/worklist/"), ("administrator", "/models/")])
def test_people_start_where_their_work_is(web: Callable[[str], Client], who: str, where: str) -> None:
    assert web(who).get("/")["Location"] == where


def test_auditors_read_what_they_can_do(web: Callable[[str], Client]) -> None:
    assert "audit trail" in web("auditor").get("/").content.decode()


def test_nobody_else_gets_in(client: Client, db: None) -> None:
    for address in ("/", "/account/", "/patients/", "/patients/new/", "/models/"):
        assert client.get(address)["Location"] == f"/sign-in/?next={address}"


def test_it_changes_the_password_and_keeps_the_session(web: Callable[[str], Client], owner: User) -> None:
    client = web("owner")
    entries = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert client.post("/account/", entries)["Location"] == "/account/"
    assert "Your password is changed." in client.get("/account/").content.decode()
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert AuditEvent.objects.filter(action="person.password_changed", actor=owner).count() == 1


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"old_password": "wrong"}, "This is not your current password."),
        ({"new_password": "short", "repeated": "short"}, "at least 12 characters"),
        ({"repeated": "different from it"}, "The two new passwords differ."),
        ({"new_password": "", "repeated": ""}, "Enter a new password."),
    ],
)
def test_it_says_beside_the_field_why_a_password_is_unfit(
    web: Callable[[str], Client], owner: User, entries: dict[str, str], sentence: str
) -> None:
    good = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    response = web("owner").post("/account/", good | entries)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_an_address_that_does_not_exist_is_answered_in_our_own_words(web: Callable[[str], Client]) -> None:
    response = web("owner").get("/nowhere/")
    assert response.status_code == 404
    assert "Nothing is here" in response.content.decode()
