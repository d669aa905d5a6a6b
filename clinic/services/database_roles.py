"""Two roles in the database: the owner of the tables, and the running application's, which cannot change the trail."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg2 import sql

# What the application may do with these tables; with all others it may do anything but change their shape.
RESTRICTED = {
    "clinic_auditevent": "SELECT, INSERT",
    "clinic_auditlink": "SELECT",
    "clinic_erasure": "SELECT, INSERT, UPDATE",  # what remains of an erased record is never deleted
    "django_migrations": "SELECT",
}
WHO_AND_WHERE = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"

OWN_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
CAN_CHANGE_THE_TRAIL = """
    SELECT EXISTS (
        SELECT FROM pg_roles role, pg_class trail
        WHERE role.rolname = %s AND trail.oid IN (to_regclass('clinic_auditevent'), to_regclass('clinic_auditlink'))
          AND (role.rolsuper OR pg_has_role(role.oid, trail.relowner, 'MEMBER')
               OR has_table_privilege(role.oid, trail.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
               OR has_any_column_privilege(role.oid, trail.oid, 'UPDATE'))
    )
"""


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """In the block the connection is that of the role which owns the tables, where it is named at all."""
    before = dict(connection.settings_dict)
    if connection.settings_dict["USER"] == settings.MIGRATION_DATABASE["USER"]:
        yield
        return
    connection.close()
    connection.settings_dict.update(
        {name: settings.MIGRATION_DATABASE[name] for name in WHO_AND_WHERE if name in settings.MIGRATION_DATABASE}
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@transaction.atomic
def grant_to_application(*, connection: BaseDatabaseWrapper, role: str) -> None:
    """Let `role` work with every table that the connection's own role has; can be done again at any time."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_TABLES)
        for (table,) in cursor.fetchall():
            _grant(cursor, table, role, RESTRICTED.get(table, EVERYTHING))
        _run(cursor, "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}", role)
        _run(cursor, "GRANT USAGE ON SCHEMA public TO {}", role)


def can_change_the_trail(*, connection: BaseDatabaseWrapper, role: str) -> bool:
    """Whether `role` could change or remove what the trail says, by itself or with a role that it may take on."""
    with connection.cursor() as cursor:
        cursor.execute(CAN_CHANGE_THE_TRAIL, [role])
        (can,) = cursor.fetchone() or (False,)
    return bool(can)


def _grant(cursor: CursorWrapper, table: str, role: str, may: str) -> None:
    _run(cursor, "REVOKE ALL ON {} FROM {}", table, role)
    _run(cursor, f"GRANT {may} ON {{}} TO {{}}", table, role)


def _run(cursor: CursorWrapper, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
