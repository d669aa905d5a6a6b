"""A version is replaced while it runs: old code goes on under the new schema, new code never starts on the old."""

import io

import pytest
from django.contrib.postgres.operations import NotInTransactionMixin
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from clinic.checks import refuse_to_start_unfit
from tests.deployment.migration_rules import broken_rules, newer_than_the_baseline

ADDED = 'ALTER TABLE "t" ADD COLUMN "c" integer DEFAULT 1 NOT NULL;'
NEW_TABLE = """CREATE TABLE "t" ("id" bigint NOT NULL PRIMARY KEY);
CREATE INDEX "i" ON "t" ("id");
ALTER TABLE "t" ADD CONSTRAINT "k" FOREIGN KEY ("id") REFERENCES "u" ("id");"""


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process closes before it forks stays open: the test's transaction is on it."""
    monkeypatch.setattr(connection, "close", lambda: None)
    # What must not be done in a transaction is only written down here.
    monkeypatch.setattr(NotInTransactionMixin, "_ensure_not_in_transaction", lambda *_: None)


@pytest.mark.django_db
def test_no_newer_migration_breaks_what_runs() -> None:
    broken = {}
    for app, name in newer_than_the_baseline():
        sql = io.StringIO()
        call_command("sqlmigrate", app, name, stdout=sql)
        if codes := broken_rules(sql.getvalue()):
            broken[app, name] = codes
    assert not broken, "docs/operations.md says how such a change is made in steps"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ('ALTER TABLE "t" DROP COLUMN "c" CASCADE;', "DROP_COLUMN"),
        ('ALTER TABLE "t" RENAME COLUMN "c" TO "d";', "RENAME_COLUMN"),
        ('ALTER TABLE "t" RENAME TO "u";', "RENAME_TABLE"),
        ('DROP TABLE "t" CASCADE;', "DROP_TABLE"),
        (f'{ADDED}\nALTER TABLE "t" ALTER COLUMN "c" DROP DEFAULT;', "NOT_NULL"),
        ('ALTER TABLE "t" ALTER COLUMN "c" SET NOT NULL;', "NOT_NULL"),
        ('ALTER TABLE "t" ALTER COLUMN "c" TYPE text;', "ALTER_COLUMN"),
        ('CREATE INDEX "i" ON "t" ("c");', "CREATE_INDEX"),
        ('DROP INDEX IF EXISTS "i";', "DROP_INDEX"),
        ('ALTER TABLE "t" ADD CONSTRAINT "k" UNIQUE ("c");', "ADD_UNIQUE"),
        ('ALTER TABLE "t" ADD CONSTRAINT "k" CHECK ("c" > 1);', "ADD_CONSTRAINT"),
        ('ALTER TABLE "t" ADD CONSTRAINT "k" FOREIGN KEY ("c") REFERENCES "u" ("id");', "ADD_CONSTRAINT"),
    ],
)  # fmt: skip
def test_each_change_that_does_is_known(sql: str, code: str) -> None:
    assert code in broken_rules(f"BEGIN;\n--\n-- Something\n--\n{sql}\nCOMMIT;")


@pytest.mark.parametrize(
    "sql",
    [
        NEW_TABLE,
        'ALTER TABLE "t" ADD COLUMN "c" integer NULL;',
        ADDED,
        'CREATE INDEX CONCURRENTLY "i" ON "t" ("c");',
        'ALTER TABLE "t" ADD CONSTRAINT "k" CHECK ("c" > 1) NOT VALID;',
        'ALTER TABLE "t" VALIDATE CONSTRAINT "k";',
    ],
)
def test_what_running_code_does_not_notice_is_allowed(sql: str) -> None:
    assert broken_rules(f"BEGIN;\n{sql}\nCOMMIT;") == []


@pytest.mark.django_db
def test_new_code_does_not_start_on_an_older_schema() -> None:
    refuse_to_start_unfit()
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="diagnosis").latest("id")
    recorder.record_unapplied(last.app, last.name)
    with pytest.raises(ImproperlyConfigured, match=f"is older than this version: 1 change.*diagnosis.{last.name}"):
        refuse_to_start_unfit()


@pytest.mark.django_db
def test_older_code_starts_on_a_newer_schema() -> None:
    MigrationRecorder(connection).record_applied("diagnosis", "9999_of_tomorrow")
    refuse_to_start_unfit()
