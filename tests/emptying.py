"""Emptying a test's database, append-only tables and all. Only their owner can do this."""

from collections.abc import Callable, Sequence

from django.db import OperationalError
from django.db.backends.base.operations import BaseDatabaseOperations
from psycopg2.errors import DeadlockDetected

from clinic.models import AuditEvent, AuditLink

TRAIL = [AuditEvent._meta.db_table, AuditLink._meta.db_table]

TIMES = 3

Flush = Callable[[BaseDatabaseOperations, Sequence[str]], None]


def empty_with_the_trail(flush: Flush) -> Flush:
    """`flush` with the trail's triggers off for as long as it takes.

    A page that has just been closed may have asked for something that is still being answered: then once more.
    """

    def execute_sql_flush(operations: BaseDatabaseOperations, statements: Sequence[str]) -> None:
        whole = [*_triggers("DISABLE"), *statements, *_triggers("ENABLE")] if statements else statements
        for _ in range(TIMES):
            try:
                return flush(operations, whole)
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
        return flush(operations, whole)

    return execute_sql_flush


def _triggers(how: str) -> list[str]:
    return [f'ALTER TABLE "{table}" {how} TRIGGER USER' for table in TRAIL]
