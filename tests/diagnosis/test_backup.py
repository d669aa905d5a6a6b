"""Backup and restore on a real PostgreSQL: what comes back is what was there, and is proved."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from clinic.models import AuditEvent, Patient, User
from clinic.services import audit
from diagnosis.models import Backup, SlideImage
from diagnosis.services import file_store
from diagnosis.services.backing_up import _files_stay
from diagnosis.services.backup_folder import BackupFolder
from diagnosis.services.file_removal import remove_noted_files
from tests.factories import ImageFactory, PredictionFactory
from tests.stack import with_database, without_the_owner

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "only-for-tests"
# A condition that was dumped and loaded is written with other casts, so of conditions only that they are there.
SHAPE = """
    SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', proname, prosecdef::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, concat(contype, convalidated) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', tablename, indexname, split_part(indexdef, ' WHERE ', 1) FROM pg_indexes
        WHERE schemaname = 'public'
    UNION ALL SELECT 'privilege', relname, '', relacl::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
    UNION ALL SELECT 'owner', tablename, '', tableowner FROM pg_tables WHERE schemaname = 'public'
    ORDER BY 1, 2, 3, 4
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
MAY_DIFFER = {"clinic_cache", "clinic_workerprocess", "django_session", "diagnosis_backup"}
BY_THE_RESTORING = {"clinic_auditevent", "clinic_auditlink", "diagnosis_integritycheck"}


@dataclass(frozen=True)
class Elsewhere:
    """Another server's place: an empty database with its two roles, a file store, a folder of heads."""

    name: str
    folder: Path
    key: str = KEY

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def connect(self, role: str = "DATABASE_URL") -> Any:
        return psycopg2.connect(with_database(os.environ[role], self.name))

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        opened = self.connect("MIGRATION_DATABASE_URL")
        try:
            with opened.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            opened.close()

    def manage(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """manage.py there, as the running application would be told."""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinic.settings.embedded",
            "SECRET_KEY": KEY,
            "AUDIT_SIGNING_KEY": self.key,
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], self.name),
            "MIGRATION_DATABASE_URL": with_database(os.environ["MIGRATION_DATABASE_URL"], self.name),
            "MEDIA_ROOT": str(self.media),
            "AUDIT_HEADS_DIR": str(self.folder / "heads"),
            **extra,
        }
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    name = f"restored_{uuid.uuid4().hex[:12]}"
    server = psycopg2.connect(with_database(os.environ["MIGRATION_DATABASE_URL"], "postgres"))
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield Elsewhere(name, tmp_path / "elsewhere")
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture
def site(settings: Settings, tmp_path: Path, owner: User, patient: Patient) -> list[SlideImage]:
    """A site with three images, a prediction, and a trail whose head is signed."""
    settings.AUDIT_HEADS_DIR = tmp_path / "heads"
    settings.AUDIT_SIGNING_KEY = KEY
    content = [f"image {number}".encode() for number in range(3)]
    images = [
        ImageFactory.create(case__patient=patient, sha256=file_store.put(one), size_bytes=len(one)) for one in content
    ]
    PredictionFactory.create(analysis__image=images[0], analysis__model_version__sha256=file_store.put(b"a model"))
    for image in images:
        audit.record(actor=owner, action="image.viewed", subject=image, patient_id=patient.pk)
    call_command("sign_audit_head", stdout=StringIO())
    return images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def make_backup(folder: Path, *words: str) -> str:
    said = StringIO()
    call_command("backup", str(folder), *words, stdout=said)
    return said.getvalue()


def here(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


# What Django makes itself when a place is migrated, and leaves half-made in a test's emptied database.
BY_DJANGO = {"auth_permission", "django_content_type"}


def rows(ask: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, int]:
    """How many rows each table has."""
    tables = {table for (table,) in ask(TABLES)} - MAY_DIFFER - BY_THE_RESTORING - BY_DJANGO
    return {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608  the catalogue's names


def only_backup(folder: Path) -> Path:
    (path,) = folder.glob("*/manifest.json")
    return path.parent


def change_manifest(folder: Path, **changes: Any) -> None:
    path = only_backup(folder) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_comes_back_is_what_was_there(
    site: list[SlideImage], folder: Path, elsewhere: Elsewhere, settings: Settings
) -> None:
    assert "Secrets" in make_backup(folder)
    (shape, counts), trail = (here(SHAPE), rows(here)), AuditEvent.objects.count()
    restored = elsewhere.manage("restore", str(folder))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "Every file and the trail are proved." in restored.stdout

    # Tables, rows, triggers, functions, indexes, owners and what the application's role may do.
    assert elsewhere.ask(SHAPE) == shape
    assert rows(elsewhere.ask) == counts
    assert counts["diagnosis_prediction"] == 1
    stored = Path(settings.MEDIA_ROOT)
    files = {path.relative_to(stored): path.read_bytes() for path in (stored / "sha256").rglob("*") if path.is_file()}
    assert files
    assert all((elsewhere.media / name).read_bytes() == content for name, content in files.items())

    # The application goes on with it: the trail takes rows and lets nobody change them.
    application = elsewhere.connect()
    application.autocommit = True
    with application.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM clinic_auditlink")
        assert cursor.fetchone()[0] >= trail
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM clinic_auditevent")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DROP TABLE clinic_auditlink")
    application.close()
    assert "whole" in elsewhere.manage("verify_audit").stdout
    assert elsewhere.manage("migrate", "--check").returncode == 0


def test_a_second_backup_copies_only_what_is_new(site: list[SlideImage], folder: Path, patient: Patient) -> None:
    make_backup(folder)
    first = Backup.objects.get()
    assert first.new_file_count == first.file_count > 3
    ImageFactory.create(case=site[0].case, sha256=file_store.put(b"one more"))
    (folder / first.name).rename(folder / "2026-01-01T000000Z")  # the second may come within the same second
    said = make_backup(folder, "--keep", "1")
    assert Backup.objects.all()[0].new_file_count == 1
    assert "Removed: 1 older backups." in said
    assert len(list((folder / "files").glob("*/*/*"))) == first.file_count + 1


def test_files_that_no_kept_backup_has_go(site: list[SlideImage], folder: Path) -> None:
    make_backup(folder)
    only_backup(folder).rename(folder / "2026-01-01T000000Z")
    gone = site[2].sha256
    SlideImage.objects.filter(pk=site[2].pk).delete()
    make_backup(folder, "--keep", "1")
    assert not list((folder / "files").glob(f"*/*/{gone}"))
    assert list((folder / "files").glob(f"*/*/{site[1].sha256}"))


def test_a_damaged_file_is_told_and_everything_else_is_backed_up(
    site: list[SlideImage], folder: Path, elsewhere: Elsewhere, settings: Settings
) -> None:
    (Path(settings.MEDIA_ROOT) / file_store.name_of(site[1].sha256)).write_bytes(b"flipped")
    with pytest.raises(CommandError, match="1 files were missing or damaged"):
        make_backup(folder)
    restored = elsewhere.manage("restore", str(folder))
    assert restored.returncode == 1
    assert f"The file {site[1].sha256} is missing" in restored.stdout
    assert "1 problems were found" in restored.stderr


def test_a_file_that_is_damaged_in_the_backup_is_named(
    site: list[SlideImage], folder: Path, elsewhere: Elsewhere
) -> None:
    make_backup(folder)
    (copy,) = folder.glob(f"files/*/*/{site[0].sha256}")
    copy.write_bytes(b"rotten")
    restored = elsewhere.manage("restore", str(folder))
    assert restored.returncode == 1
    assert f"The file {site[0].sha256} is missing" in restored.stdout


@pytest.mark.parametrize("part", ["database.dump", "files.txt", "audit-heads"])
def test_a_backup_that_is_not_what_was_made_is_refused(site: list[SlideImage], folder: Path, part: str) -> None:
    make_backup(folder)
    damaged = only_backup(folder) / part
    damaged = next(damaged.iterdir()) if damaged.is_dir() else damaged
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(CommandError, match=r"Nothing was restored or changed\. .* is not what was backed up"):
        call_command("restore", str(folder), replace=True)
    assert SlideImage.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"application": "9.0.0"}, "made by a newer version"),
        ({"migrations": {"diagnosis": ["9999_from_the_future"]}}, "made by a newer version"),
        ({"postgresql": 99}, "needs PostgreSQL 99"),
        ({"format": 2}, "another format"),
    ],
)
def test_a_newer_backup_is_refused(
    site: list[SlideImage], folder: Path, changes: dict[str, Any], sentence: str
) -> None:
    make_backup(folder)
    change_manifest(folder, **changes)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", str(folder), replace=True)
    assert SlideImage.objects.count() == 3


def test_files_that_went_missing_in_the_backup_are_told_before_anything_is_touched(
    site: list[SlideImage], folder: Path
) -> None:
    make_backup(folder)
    for copy in folder.glob(f"files/*/*/{site[0].sha256}"):
        copy.unlink()
    with pytest.raises(CommandError, match=r"Nothing was restored or changed\. 1 files of the backup are missing"):
        call_command("restore", str(folder), replace=True)


def test_it_does_not_overwrite_what_is_there_unless_told(
    site: list[SlideImage], folder: Path, elsewhere: Elsewhere
) -> None:
    make_backup(folder)
    assert elsewhere.manage("restore", str(folder)).returncode == 0
    again = elsewhere.manage("restore", str(folder))
    assert "The database is not empty." in again.stderr
    busy = elsewhere.connect()
    disturbed = elsewhere.manage("restore", str(folder), "--replace")
    busy.close()
    assert "Stop web, worker and scheduler first." in disturbed.stderr
    replaced = elsewhere.manage("restore", str(folder), "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert len(list((elsewhere.folder / "heads").glob("before-*/*.json"))) >= 1


def test_a_site_with_another_key_is_told_to_bring_the_secrets(
    site: list[SlideImage], folder: Path, settings: Settings
) -> None:
    make_backup(folder)
    settings.AUDIT_SIGNING_KEY = "another key"
    with pytest.raises(CommandError, match="Secrets are no part of a backup"):
        call_command("restore", str(folder), replace=True)


def test_an_empty_folder_is_told(folder: Path) -> None:
    with pytest.raises(CommandError, match="There is no backup in"):
        call_command("restore", str(folder))


def test_files_stay_while_a_backup_is_made(site: list[SlideImage]) -> None:
    removal = (
        "import django; django.setup()\n"
        "from diagnosis.services.file_removal import remove_noted_files\n"
        "print(remove_noted_files())\n"
    )
    here("INSERT INTO diagnosis_filetoremove (sha256, noted_at) VALUES (repeat('0', 64), now()) RETURNING 1")
    name = str(connection.settings_dict["NAME"])
    environment = without_the_owner(os.environ) | {"DATABASE_URL": with_database(os.environ["DATABASE_URL"], name)}
    with _files_stay():
        tried = subprocess.run(
            [sys.executable, "-c", removal], env=environment, capture_output=True, text=True, check=True
        )
    assert tried.stdout == "0\n"
    assert remove_noted_files() == 1


def test_a_backup_that_was_cut_off_is_none(site: list[SlideImage], folder: Path) -> None:
    make_backup(folder)
    backup = only_backup(folder)
    shutil.copytree(backup, folder / "2099-01-01T000000Z.unfinished")
    assert BackupFolder(folder).names() == [backup.name]


def test_there_is_no_password_on_a_command_line(
    site: list[SlideImage], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    start = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        seen.append(command)
        return start(command, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    make_backup(folder)
    assert seen
    password = str(connection.settings_dict["PASSWORD"])
    assert not [word for command in seen for word in command if password in word]
