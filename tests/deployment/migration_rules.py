"""Which changes of the schema the version before could not go on running under, told from their SQL.

django-migration-linter knows most. Added are constraints, which PostgreSQL proves by reading the whole table under a
lock unless they are added as NOT VALID and validated by a later migration.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

# What was there when the first version was given out: nothing ran before it.
BASELINE = {"clinic": 12, "diagnosis": 17}
# Migrations that break a rule and may: (application, name): why no running code and no big table suffers.
EXCUSED: dict[tuple[str, str], str] = {}


def added_constraint(statements: Sequence[str], **_: Any) -> bool:
    """Whether a constraint is put on a table that was there before, and proved at once."""
    made = {table for statement in statements for table in re.findall(r'CREATE TABLE ("\w+")', statement)}
    added = (
        match[1]
        for statement in statements
        if (match := re.search(r'ALTER TABLE ("\w+") .*ADD CONSTRAINT .* (?:CHECK|FOREIGN KEY|EXCLUDE)', statement))
        and "NOT VALID" not in statement
    )
    return any(table not in made for table in added)


class Analyser(PostgresqlAnalyser):
    """The linter's rules and ours."""

    migration_checks = [
        *PostgresqlAnalyser.migration_checks,
        Check("ADD_CONSTRAINT", added_constraint, "proved at once", CheckMode.TRANSACTION, CheckType.ERROR),
    ]


def broken_rules(sql: str) -> list[str]:
    """The codes of the rules that a migration's SQL breaks."""
    lines = (line.split("--", maxsplit=1)[0].strip() for line in sql.splitlines())
    statements = [statement.strip() for statement in "\n".join(filter(None, lines)).split(";\n")]
    analyser = Analyser(None)
    analyser.analyse([statement for statement in statements if statement])
    return [issue.code for issue in (*analyser.errors, *analyser.warnings)]


def newer_than_the_baseline() -> list[tuple[str, str]]:
    """Our migrations that a running version may meet, by application and name."""
    return [
        (label, path.stem)
        for label, last in BASELINE.items()
        for path in sorted((Path(apps.get_app_config(label).path) / "migrations").glob("[0-9]*.py"))
        if int(path.stem[:4]) > last and (label, path.stem) not in EXCUSED
    ]
