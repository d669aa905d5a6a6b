"""What changes something cannot be done by a link or from another site."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client

from clinic.models import AuditEvent
from tests.access.asking import send, told, undone
from tests.access.rows import ROWS, SIGNED_IN, Row
from tests.access.world import World

pytestmark = pytest.mark.django_db
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
NO_COOKIE_COUNTS = {"api:tokens"}  # the password stands in the body, and no session is looked at
NOTES = {
    "diagnosis_imageopening",
    "clinic_auditevent",
    "clinic_auditlink",
    "clinic_cache",
    "clinic_requestcount",
    "django_session",
}  # what reading itself writes
READING = ("viewed", "listed", "searched", "shown", "read", "looked", "reported", "polled", "exported")


def allowed(row: Row, method: str) -> list[str]:
    """Who gets through with a method that the row names."""
    named = getattr(row, method.lower()) and row.name not in NO_COOKIE_COUNTS
    through = ("20", "30", "40")  # 400 and 409 too: the request was taken in; 403 to 405 were not
    people = [one for one in SIGNED_IN if named and row.expected(method, one).startswith(through)]
    return [one for one in people if row.expected(method, one) not in {"401", "403", "404", "405"}]


CELLS = [(row, method, who) for row in ROWS for method in CHANGING for who in allowed(row, method)[:1]]


@pytest.mark.parametrize(("row", "method", "who"), CELLS, ids=str)
def test_no_other_site_can_make_a_person_do_it(world: World, row: Row, method: str, who: str) -> None:
    plain = world.client(who)
    client = Client(enforce_csrf_checks=True)
    client.cookies = plain.cookies
    with undone():
        before = everything()
        assert send(client, row, method, world.ids).status_code == 403
        assert everything() == before


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_looking_changes_nothing(world: World, row: Row) -> None:
    """GET of every address by everybody leaves every table as it was, but for the notes of reading; so do HEAD and
    OPTIONS by those who see most."""
    with undone():
        before, events = everything(), AuditEvent.objects.count()
        for who in SIGNED_IN:
            for method in ("GET", "HEAD", "OPTIONS") if who in {"owner", "administrator"} else ("GET",):
                send(world.client(who), row, method, world.ids)
        assert everything() == before
        new = AuditEvent.objects.order_by("id")[events:]
        assert [one.action for one in new if not one.action.endswith(READING)] == []


def test_the_comparison_sees_every_change(world: World) -> None:
    with undone():
        before = everything()
        world.people["owner"].auth_token_set.update(name="other")
        assert everything() != before


def test_a_person_who_is_deactivated_is_refused_at_the_next_request(world: World) -> None:
    """In a session that is open, and with tokens that were good a moment ago, at every address that wants a sign-in."""
    with undone():
        person = world.people["owner"]
        type(person).objects.filter(pk=person.pk).update(is_active=False)
        for row in ROWS:
            if row.expected("GET", "anonymous") not in {"sign-in", "401"}:
                continue
            answers = {told(send(world.client(who), row, "GET", world.ids)) for who in ("owner", "write_token")}
            assert answers == {row.expected("GET", "anonymous")}, row


def everything() -> list[tuple[str, str]]:
    """A digest of each of the project's tables."""
    names = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - NOTES
    assert f"{settings.KNOX_TOKEN_MODEL}".lower().replace(".", "_") in names
    query = " UNION ALL ".join(
        f"SELECT '{name}', coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \"{name}\" t"  # noqa: S608
        for name in sorted(names)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
