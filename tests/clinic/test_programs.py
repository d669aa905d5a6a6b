"""Accounts of programs, as administrators make them: on pages and by the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import ApiToken, AuditEvent, Role, User
from clinic.services.invitations import renew_link
from clinic.services.people import change_role
from clinic.services.programs import create_program, let_answer
from clinic.services.tokens import MOST_TOKENS, issue_program_token
from tests.factories import PASSWORD

Web = Callable[[str], Client]
Api = Callable[[str], APIClient]
PAGES = "/people/programs/"
ACCOUNTS = "/api/v1/service-accounts/"
TOKEN = {"name": "scanner", "scope": "read", "lifetime": "365d", "password": PASSWORD}


@pytest.fixture
def program(owner: User, administrator: User) -> User:
    return create_program(name="Laboratory", answered_for_by=owner, created_by=administrator)


def test_an_administrator_adds_one_and_gives_it_a_token(
    web: Web, administrator: User, owner: User, django_capture_on_commit_callbacks: Any, mailoutbox: list[Any]
) -> None:
    client = web("administrator")
    made = client.post(f"{PAGES}new/", {"full_name": " Laboratory ", "answered_for_by": owner.pk})
    program = User.objects.get(role=Role.PROGRAM)
    assert made["Location"] == f"{PAGES}{program.pk}/"
    assert (program.full_name, program.answered_for_by, program.has_usable_password()) == ("Laboratory", owner, False)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(f"{PAGES}{program.pk}/", {**TOKEN, "assays": ["leukemia"]}).content.decode()
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope, token.assays) == (program, "scanner", "read", ["leukemia"])
    assert "shown once" in page
    assert [mail.to for mail in mailoutbox] == [[owner.email]]  # nobody gets at patients behind the doctor's back
    assert "Laboratory" in mailoutbox[0].body
    assert "shown once" not in client.get(f"{PAGES}{program.pk}/").content.decode()
    events = AuditEvent.objects.filter(action__in=["program.created", "token.issued"]).order_by("id")
    assert [(event.action, event.actor) for event in events] == [
        ("program.created", administrator),
        ("token.issued", administrator),
    ]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"password": "wrong"}, "This is not your password."),
        ({"name": ""}, "Say what the token is for."),
        ({"lifetime": "999d"}, "Select a valid choice"),
        ({"assays": ["prostate"]}, "Select a valid choice"),
    ],
)
def test_it_gives_no_token_for_entries_that_are_unfit(
    web: Web, administrator: User, program: User, entry: dict[str, object], sentence: str
) -> None:
    answer = web("administrator").post(f"{PAGES}{program.pk}/", {**TOKEN, **entry})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_two_clicks_make_one_program(program: User, owner: User, administrator: User, web: Web) -> None:
    answer = web("administrator").post(f"{PAGES}new/", {"full_name": "Laboratory", "answered_for_by": owner.pk})
    assert answer.status_code == 400
    assert "a program of this name already" in answer.content.decode()


def test_only_an_active_doctor_answers(owner: User, auditor: User, administrator: User) -> None:
    owner.is_active = False
    owner.save()
    for nobody in (owner, auditor, administrator):
        with pytest.raises(ValidationError, match="active doctor"):
            create_program(name="A", answered_for_by=nobody, created_by=administrator)


def test_another_doctor_answers_from_now_on(
    web: Web, program: User, owner: User, stranger: User, administrator: User
) -> None:
    client = web("administrator")
    client.post(f"{PAGES}{program.pk}/answer/", {"answered_for_by": administrator.pk})
    program.refresh_from_db()
    assert program.answered_for_by == owner
    client.post(f"{PAGES}{program.pk}/answer/", {"answered_for_by": stranger.pk})
    program.refresh_from_db()
    assert program.answered_for_by == stranger
    event = AuditEvent.objects.get(action="program.answered_for_by_another")
    assert event.detail == {"before": str(owner.pk), "after": str(stranger.pk)}


def test_only_administrators_make_programs_and_their_tokens(owner: User, program: User) -> None:
    with pytest.raises(PermissionDenied):
        create_program(name="B", answered_for_by=owner, created_by=owner)
    with pytest.raises(PermissionDenied):
        let_answer(program=program, doctor=owner, changed_by=owner)
    with pytest.raises(PermissionDenied):
        issue_program_token(program=program, issued_by=owner, name="x", lifetime=timedelta(days=1))


def test_it_never_gets_a_password_or_another_role(program: User, administrator: User) -> None:
    with pytest.raises(ValidationError, match="no password"):
        renew_link(person=program, made_by=administrator)
    with pytest.raises(ValidationError, match="cannot become"):
        change_role(person=program, role=Role.ADMINISTRATOR, changed_by=administrator)
    program.set_password(PASSWORD)
    with pytest.raises(IntegrityError, match="no_password"), transaction.atomic():
        program.save()
    with pytest.raises(InternalError), transaction.atomic():
        User.objects.filter(pk=program.pk).update(role=Role.DOCTOR, answered_for_by=None)


def test_nobody_becomes_a_program(web: Web, owner: User, administrator: User) -> None:
    web("administrator").post(f"/people/{owner.pk}/role/", {"role": "program"})
    owner.refresh_from_db()
    assert owner.role == Role.DOCTOR
    answer = web("administrator").post(
        "/people/invite/", {"email": "a@clinic.example", "full_name": "A", "role": "program"}
    )
    assert answer.status_code == 400


def test_it_cannot_sign_in(program: User) -> None:
    for password in ("", "!", PASSWORD):
        answer = APIClient().post("/api/v1/tokens/", {"email": program.email, "password": password})
        assert answer.status_code in (400, 401)
        assert Client().post("/sign-in/", {"username": program.email, "password": password}).status_code == 400


def test_it_is_not_among_the_people(web: Web, api: Api, program: User, administrator: User) -> None:
    assert "Laboratory" not in web("administrator").get("/people/").content.decode()
    assert web("administrator").get(f"/people/{program.pk}/").status_code == 404
    assert "Laboratory" not in api("administrator").get("/api/v1/people/").content.decode()
    assert "Laboratory" in web("administrator").get(PAGES).content.decode()


def test_a_persons_page_says_which_programs_would_stop(
    web: Web, program: User, owner: User, administrator: User
) -> None:
    assert "Laboratory" in web("administrator").get(f"/people/{owner.pk}/").content.decode()


def test_it_has_no_endless_number_of_tokens(program: User, administrator: User) -> None:
    for _ in range(MOST_TOKENS):
        issue_program_token(program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1))
    with pytest.raises(ValidationError, match="Revoke one"):
        issue_program_token(program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1))
    assert ApiToken.objects.count() == MOST_TOKENS


def test_a_token_is_revoked_on_the_page(web: Web, program: User, administrator: User, stranger: User) -> None:
    token = issue_program_token(program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1)).token
    address = f"{PAGES}{program.pk}/tokens/{token.public_id}/revoke/"
    assert web("stranger").post(address).status_code == 403
    web("administrator").post(address)
    assert not ApiToken.objects.exists()


def test_the_whole_life_of_one_by_the_api(
    api: Api, administrator: User, owner: User, stranger: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = api("administrator")
    made = client.post(ACCOUNTS, {"full_name": "Laboratory", "answered_for_by": owner.pk})
    assert made.status_code == 201
    here = made["Location"]
    assert client.get(here).json() == made.json()
    body = {"name": "scanner", "lifetime_hours": 24 * 365, "assays": ["breast"], "password": PASSWORD}
    token = client.post(f"{here}tokens/", body).json()
    assert (token["scope"], token["assays"]) == ("read", ["breast"])
    program = APIClient(headers={"Authorization": f"Token {token['token']}"})
    assert program.get("/api/v1/cases/").status_code == 200
    listed = client.get(f"{here}tokens/").json()["results"]
    assert [(one["id"], one["name"]) for one in listed] == [(token["id"], "scanner")]
    assert "token" not in listed[0]
    assert client.patch(here, {"answered_for_by": stranger.pk}).json()["answered_for_by"] == str(stranger.pk)
    assert client.delete(f"{here}tokens/{token['id']}/").status_code == 204
    assert program.get("/api/v1/cases/").status_code == 401
    assert client.post(f"{here}deactivate/").json()["is_active"] is False
    assert client.post(f"{here}tokens/", body).status_code == 409
    assert client.post(f"{here}reactivate/").json()["is_active"] is True


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"password": "wrong"}, 403),
        ({"lifetime_hours": 24 * 365 + 1}, 400),
        ({"lifetime_hours": None}, 400),
        ({"name": ""}, 400),
        ({"assays": []}, 400),
        ({"role": "doctor"}, 400),
    ],
)
def test_the_api_gives_no_token_for_entries_that_are_unfit(
    api: Api, program: User, administrator: User, entry: dict[str, object], status: int
) -> None:
    body = {"name": "scanner", "lifetime_hours": 24, "password": PASSWORD, **entry}
    assert api("administrator").post(f"{ACCOUNTS}{program.pk}/tokens/", body).status_code == status
    assert not ApiToken.objects.filter(user=program).exists()


def test_a_persons_id_is_no_service_account(api: Api, administrator: User, owner: User) -> None:
    client = api("administrator")
    assert client.get(f"{ACCOUNTS}{owner.pk}/").status_code == 404
    assert client.post(f"{ACCOUNTS}{owner.pk}/deactivate/").status_code == 404
    assert client.get(f"{ACCOUNTS}{owner.pk}/tokens/").status_code == 404
