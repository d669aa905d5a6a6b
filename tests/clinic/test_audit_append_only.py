"""Rows of the trail are only ever added, whoever asks and however."""

import pytest
from django.db import connection, transaction
from django.db.utils import Error

from clinic.models import AuditEvent, User
from clinic.services import audit

TABLES = ["clinic_auditevent", "clinic_auditlink"]
CHANGES = [
    "UPDATE {} SET {column} = {column}",
    "UPDATE {} SET {column} = {column} WHERE false",
    "DELETE FROM {}",
    "DELETE FROM {} WHERE false",
    "TRUNCATE {}",
    "TRUNCATE {} CASCADE",
]


@pytest.fixture
def event(owner: User) -> AuditEvent:
    audit.record(actor=owner, action="person.viewed", subject=owner)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would: its link is written
    return AuditEvent.objects.get()


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_raw_sql_is_refused(event: AuditEvent, table: str, change: str) -> None:
    column = "action" if table == TABLES[0] else "hash"
    with pytest.raises(Error, match="only ever added"):
        run(change.format(table, column=column))
    assert AuditEvent.objects.get().link.hash == event.link.hash


@pytest.mark.parametrize("table", TABLES)
def test_no_setting_of_a_session_switches_the_refusal_off(event: AuditEvent, table: str) -> None:
    """pgtrigger's own triggers look at a setting; these do not."""
    names = "SELECT string_agg(tgname, ',') FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(names, [table])
        (triggers,) = cursor.fetchone() or ("",)
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{triggers}}}"])
    with pytest.raises(Error, match="only ever added"):
        run(CHANGES[2].format(table))
    audit.record(actor=event.actor, action="person.viewed", subject=event)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not AuditEvent.objects.filter(link=None).exists()


def test_the_time_is_the_databases_whatever_the_writer_says(owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (before,) = cursor.fetchone() or (None,)
    AuditEvent.objects.create(occurred_at="2001-01-01T00:00Z", action="x.y", subject_type="x", subject_id="1")
    assert before
    assert AuditEvent.objects.get().occurred_at >= before
