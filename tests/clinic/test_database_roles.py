"""The running application's role in the database works with everything and can change nothing of the trail."""

import os
from collections.abc import Callable, Iterator

import psycopg2
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from clinic import checks
from clinic.models import AuditEvent, User
from clinic.services import audit
from clinic.services.database_roles import EVERYTHING, RESTRICTED, can_change_the_trail
from tests.stack import with_database

pytestmark = pytest.mark.django_db(transaction=True)

Application = Callable[[str], None]

PRIVILEGES = """
    SELECT relname, string_agg(privilege, ', ' ORDER BY place)
    FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY a(privilege, place)
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND has_table_privilege(%s, pg_class.oid, privilege)
    GROUP BY relname
"""
INSERT = """
    INSERT INTO clinic_auditevent (role, action, purpose, subject_type, subject_id, detail)
    VALUES ('', 'thing.changed', 'care', 'thing', '1', '{}')
"""


def role() -> str:
    return str(settings.APPLICATION_DATABASE["USER"])


@pytest.fixture
def application(db: None) -> Iterator[Application]:
    """Runs a statement as the running application would, in the test's database."""
    address = with_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))
    opened = psycopg2.connect(address)
    opened.autocommit = True

    def run(statement: str) -> None:
        with opened.cursor() as cursor:
            cursor.execute(statement)

    yield run
    opened.close()


def test_it_adds_to_the_trail_and_its_row_is_linked(application: Application) -> None:
    application(INSERT)
    assert AuditEvent.objects.get().link.position == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clinic_auditevent SET action = 'x'",
        "DELETE FROM clinic_auditevent",
        "TRUNCATE clinic_auditevent CASCADE",
        "ALTER TABLE clinic_auditevent DISABLE TRIGGER ALL",
        "ALTER TABLE clinic_auditevent DISABLE TRIGGER USER",
        "ALTER TABLE clinic_auditevent ADD COLUMN more text",
        "DROP TABLE clinic_auditevent CASCADE",
        "DROP TRIGGER pgtrigger_link_fef40 ON clinic_auditevent",
        "CREATE TRIGGER another AFTER INSERT ON clinic_auditevent EXECUTE FUNCTION clinic_refuse_change()",
        "CREATE RULE another AS ON INSERT TO clinic_auditevent DO INSTEAD NOTHING",
        "CREATE OR REPLACE FUNCTION clinic_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE OR REPLACE FUNCTION clinic_link_audit_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "DROP FUNCTION clinic_link_audit_event() CASCADE",
        "CREATE TABLE public.mine ()",
        "DROP SCHEMA public CASCADE",
        "SELECT clinic_add_audit_link(clinic_auditevent) FROM clinic_auditevent",
        "INSERT INTO clinic_auditlink (position, event_id, hash) VALUES (2, 2, 'f')",
        "UPDATE clinic_auditlink SET hash = 'f'",
        "DELETE FROM clinic_auditlink",
        "TRUNCATE clinic_auditlink",
        "ALTER TABLE clinic_auditlink DISABLE TRIGGER ALL",
        "DROP TABLE clinic_auditlink",
        "SET session_replication_role = replica",
        "SET ROLE second_read",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "DELETE FROM django_migrations",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_it_can_do_nothing_else_to_it(application: Application, owner: User, statement: str) -> None:
    audit.record(actor=owner, action="thing.changed", subject=owner)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application(statement)
    call_command("verify_audit", verbosity=0)
    assert AuditEvent.objects.count() == 1


def test_it_works_with_every_other_table(application: Application) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES, [role()])
        found = dict(cursor.fetchall())
    assert {table: may for table, may in found.items() if may != EVERYTHING} == RESTRICTED


def test_migrating_again_leaves_what_it_may_as_it_is(application: Application, owner: User) -> None:
    call_command("migrate", verbosity=0)
    application(INSERT)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application("DELETE FROM clinic_auditevent")


def test_a_site_with_one_role_for_everything_is_warned(settings: Settings) -> None:
    assert not checks.trail_is_out_of_reach(databases=["default"])
    settings.APPLICATION_DATABASE = settings.MIGRATION_DATABASE
    (warning,) = checks.trail_is_out_of_reach(databases=["default"])
    assert warning.id == "clinic.W001"


def test_a_site_with_patients_refuses_to_start_with_one_role_for_everything(settings: Settings) -> None:
    settings.AUDIT_ROLE_MUST_BE_RESTRICTED = True
    checks.refuse_to_start_within_reach_of_the_trail()
    settings.APPLICATION_DATABASE = settings.MIGRATION_DATABASE
    with pytest.raises(ImproperlyConfigured, match="could change the audit trail"):
        checks.refuse_to_start_within_reach_of_the_trail()


@pytest.mark.parametrize(
    "right",
    [
        "UPDATE ON clinic_auditevent",
        "UPDATE (detail) ON clinic_auditevent",
        "DELETE ON clinic_auditlink",
        "TRUNCATE ON clinic_auditevent",
        "TRIGGER ON clinic_auditevent",
    ],
)
def test_one_right_too_many_is_noticed(right: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT {right} TO {role()}")
    try:
        assert can_change_the_trail(connection=connection, role=role())
    finally:
        call_command("migrate", verbosity=0)
    assert not can_change_the_trail(connection=connection, role=role())
