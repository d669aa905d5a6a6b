"""Django's own admin: for administrators, by the one sign-in, to read."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from clinic.admin import site
from clinic.models import User

Web = Callable[[str], Client]


def test_it_is_reached_by_the_one_sign_in(client: Client, db: None) -> None:
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/sign-in/?next=/admin/login/%3Fnext%3D%252Fadmin%252F"
    assert client.post("/admin/login/", {"username": "a", "password": "b"})["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_but_administrators_gets_in(web: Web, who: str) -> None:
    assert web(who).get("/admin/").status_code == 403
    assert web(who).get("/admin/clinic/user/").status_code == 403


def test_an_administrator_reads_people_and_changes_nothing(web: Web, owner: User) -> None:
    client = web("administrator")
    assert "Olivia Owner" in client.get("/admin/clinic/user/").content.decode()
    page = client.get(reverse("admin:clinic_user_change", args=[owner.pk]))
    assert page.status_code == 200
    assert owner.password not in page.content.decode()
    assert client.post(page.request["PATH_INFO"], {"role": "administrator"}).status_code == 403
    owner.refresh_from_db()
    assert owner.role == "doctor"


def test_no_patient_is_in_it(administrator: User) -> None:
    assert list(site._registry) == [User]
    assert not administrator.has_perm("clinic.view_patient")
    assert not administrator.has_module_perms("diagnosis")


def test_signing_out_there_is_signing_out(web: Web) -> None:
    client = web("administrator")
    assert client.post("/admin/logout/")["Location"] == "/sign-in/"
    assert client.get("/account/").status_code == 302


def test_its_own_password_form_is_not_there(web: Web) -> None:
    assert web("administrator").get("/admin/password_change/")["Location"] == "/account/"


def test_without_the_second_step_that_is_asked_for_it_stays_closed(web: Web, settings: Settings) -> None:
    settings.MFA_REQUIRED_ROLES = frozenset({"administrator"})
    assert web("administrator").get("/admin/")["Location"] == "/account/second-step/"
