"""What people try: other people's ids in bodies, filters through relations, false hosts, ways out, scripts in names."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils.html import escape

from clinic.models import EmergencyAccess, Patient, User
from diagnosis.models import Case, ModelVersion, SlideImage
from tests.access.asking import address, body_of, send, undone
from tests.access.rows import PEOPLE, ROWS, Row
from tests.access.world import World
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
EVIL = """"'><script>alert(1)</script>"""
ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example")
THROUGH_RELATIONS = (
    "ordering=owner__password",
    "ordering=created_by__password",
    "ordering=-patient__care_team_memberships__user__email",
    "created_by__password__startswith=a",
    "case__patient__family_name=a",
    "patient__family_name__startswith=a",
    "analysis__image__case__patient__record_number__regex=.",
    "sort=password",
    "o=password",
)
LISTS = [row for row in ROWS if row.name.startswith("api:") and row.name.endswith("-list")]
GETS = [row for row in ROWS if row.get]
HOLDERS = ("owner", "emergency", "administrator", "auditor")


@pytest.mark.parametrize("row", LISTS, ids=str)
def test_the_api_refuses_filters_and_orderings_it_does_not_name(world: World, row: Row) -> None:
    who = next(one for one in ("owner", "administrator", "auditor") if row.expected("GET", one) == "200")
    for query in THROUGH_RELATIONS:
        with undone():
            answer = send(world.client(who), row, "GET", world.ids, f"?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize("row", [row for row in GETS if not row.is_api], ids=str)
def test_a_page_shows_the_same_whatever_filter_is_added(world: World, row: Row) -> None:
    for who in HOLDERS:
        with undone():
            plain, asked = (
                send(world.client(who), row, "GET", world.ids, query)
                for query in ("", f"?{'&'.join(THROUGH_RELATIONS)}")
            )
        if not row.name.startswith("admin:"):  # Django's own lists go back to the list without the filter
            assert asked.status_code == plain.status_code
        assert asked.status_code < 500 or row.name == "clinic:health_ready"  # no worker runs here, and it says so
        assert not (who == "owner" and row.name.startswith("admin:") and asked.status_code == 200)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_no_address_leads_elsewhere(world: World, row: Row) -> None:
    """Wherever a page sends somebody, it is a place of this site, whatever the request asks for.

    Those that send people on are asked for every place; all others for one, each for its own.
    """
    sends_on = "302" in row.get + row.post + row.other
    for place in ELSEWHERE if sends_on else [ELSEWHERE[ROWS.index(row) % len(ELSEWHERE)]]:
        for who in ("anonymous", "owner", "administrator"):
            for method in ("GET", "POST"):
                with undone():
                    query = f"?next={place}&redirect_to={place}&url={place}"
                    answer = send(
                        world.client(who), row, method, world.ids, query, HTTP_REFERER="https://evil.example/"
                    )
                to = answer.headers.get("Location", "/")
                assert to.startswith(("/", "http://testserver/")), (who, method, to)
                assert not to.startswith(("//", "/\\")), (who, method, to)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_signing_in_stays_here(world: World, place: str) -> None:
    with undone():
        client = world.client("anonymous")
        entries = {"login": "owner@clinic.example", "username": "owner@clinic.example", "password": PASSWORD}
        answer = client.post("/sign-in/", {**entries, "next": place})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_host_that_is_not_ours_is_refused(world: World, row: Row) -> None:
    with undone():
        answer = send(world.client("owner"), row, "GET", world.ids, HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content


OTHER_HOSTS = {
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_ORIGINAL_HOST": "evil.example",
    "HTTP_FORWARDED": "host=evil.example",
}


@pytest.mark.parametrize("row", [row for row in ROWS if row.get], ids=str)
def test_no_header_makes_another_host_of_ours(world: World, row: Row) -> None:
    with undone():
        answer = send(world.client("owner"), row, "GET", world.ids, **OTHER_HOSTS)
    assert "evil.example" not in str(answer.headers)
    assert answer.streaming or b"evil.example" not in answer.content


FOREIGN = ("id", "owner", "created_by", "registered_by", "user", "opened_by", "requested_by", "care_team", "role")


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_api and row.post and not row.file], ids=str)
def test_the_api_refuses_fields_that_say_who_acts_or_owns(world: World, row: Row) -> None:
    who = "write_token" if row.expected("POST", "write_token")[0] == "2" else "owner"
    if row.expected("POST", who) == "403" != row.expected("POST", "administrator"):
        who = "administrator"
    with undone():
        before = counts()
        answer = world.client(who).post(
            address(row, world.ids),
            json.loads(body_of(row, "POST", world.ids)["data"]) | dict.fromkeys(FOREIGN, str(world.ids["doctor"])),
            content_type="application/json",
        )
        if row.body:
            assert answer.status_code == 400, answer.content
            refused = {one["pointer"] for one in answer.json()["errors"]}
            assert {f"#/{field}" for field in FOREIGN if field not in row.body} <= refused
            assert counts() == before
        else:
            assert world.ids["doctor"].hex not in answer.content.decode().replace("-", "")


def test_pages_take_who_acts_from_the_session_alone(world: World) -> None:
    stranger = str(world.people["stranger"].pk)
    foreign = dict.fromkeys(FOREIGN, stranger)
    with undone():
        world.client("owner").post("/patients/new/", {"record_number": "88", "family_name": "Quist", **foreign})
        created = Patient.objects.get(record_number="88")
        assert created.created_by == world.people["owner"]
        assert str(created.pk) != stranger
        assert [one.user for one in created.care_team_memberships.all()] == [world.people["owner"]]


def test_an_emergency_is_opened_for_nobody_else(world: World) -> None:
    patient = Patient.objects.get(pk=world.ids["patient"])
    entries = {
        "record_number": patient.record_number,
        "family_name": patient.family_name,
        "reason": "Brought in unconscious at night.",
        "expires_at": "2099-01-01",
        **dict.fromkeys(FOREIGN, str(world.people["auditor"].pk)),
    }
    with undone():
        world.client("stranger").post("/emergency-access/", entries)
        access = EmergencyAccess.objects.order_by("-started_at")[0]
        assert access.user == world.people["stranger"]
        assert (access.expires_at - access.started_at).total_seconds() == 3600


@pytest.mark.parametrize("who", PEOPLE)
def test_only_doctors_are_put_on_a_team_by_their_id(world: World, who: str) -> None:
    body = {"doctor": str(world.people["administrator"].pk)}
    with undone():
        answer = world.client(who).post(
            f"/api/v1/patients/{world.ids['patient']}/care-team/", body, content_type="application/json"
        )
        missing = world.client(who).post(
            f"/api/v1/patients/{world.ids['patient']}/care-team/",
            {"doctor": str(uuid4())},
            content_type="application/json",
        )
    assert answer.status_code >= 400
    assert answer.content == missing.content


@pytest.mark.parametrize("row", GETS, ids=str)
def test_names_are_never_markup(world: World, row: Row) -> None:
    """Scripts in the names of patients, files, models and people, in notes and reasons, are shown as what they are."""
    with undone():
        spoil(world)
        for who in HOLDERS:
            for method in ("GET", "POST"):
                answer = send(world.client(who), row, method, world.ids)
                if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
                    assert "html" not in answer.headers.get("Content-Type", "")
                    continue
                assert "<script>alert(1)" not in answer.content.decode(), (who, method)


def test_the_scripts_are_on_the_pages(world: World) -> None:
    """Otherwise the test above would show nothing."""
    with undone():
        spoil(world)
        for name, who in [
            ("diagnosis:patient", "owner"),
            ("diagnosis:case", "owner"),
            ("diagnosis:image", "owner"),
            ("diagnosis:models", "auditor"),
            ("diagnosis:model", "auditor"),
            ("clinic:care_team", "owner"),
            ("clinic:emergency_report", "auditor"),
            ("clinic:api_tokens", "owner"),
            ("clinic:patients", "owner"),
            ("clinic:people", "administrator"),
        ]:
            row = next(row for row in ROWS if row.name == name)
            assert escape(EVIL) in send(world.client(who), row, "GET", world.ids).content.decode(), name


def spoil(world: World) -> None:
    """Put a script into everything that people can name."""
    User.objects.update(full_name=EVIL)
    Patient.objects.update(family_name=EVIL, given_name=EVIL, record_number=EVIL)
    Case.objects.update(note=EVIL)
    SlideImage.objects.update(uploaded_name=EVIL)
    ModelVersion.objects.update(name=EVIL, version=EVIL)
    EmergencyAccess.objects.update(reason=EVIL)
    world.people["owner"].auth_token_set.update(name=EVIL)


def counts() -> Any:
    """How many there are of what bodies could create."""
    models = (Patient, Case, EmergencyAccess, User)
    assert connection.in_atomic_block
    return [model.objects.count() for model in models]
