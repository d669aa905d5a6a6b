"""Emptying a test's database, append-only tables and all. Only their owner can do this."""

from collections.abc import Callable, Sequence

from django.db.backends.base.operations import BaseDatabaseOperations

from clinic.models import AuditEvent, AuditLink

TRAIL = [AuditEvent._meta.db_table, AuditLink._meta.db_table]

Flush = Callable[[BaseDatabaseOperations, Sequence[str]], None]


def empty_with_the_trail(flush: Flush) -> Flush:
    """`flush` with the trail's triggers off for as long as it takes."""

    def execute_sql_flush(operations: BaseDatabaseOperations, statements: Sequence[str]) -> None:
        flush(operations, [*_triggers("DISABLE"), *statements, *_triggers("ENABLE")] if statements else statements)

    return execute_sql_flush


def _triggers(how: str) -> list[str]:
    return [f'ALTER TABLE "{table}" {how} TRIGGER USER' for table in TRAIL]
