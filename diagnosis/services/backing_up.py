"""Making a backup: database, files and heads of the trail as they were at one moment, with what they are stamped on it.

While it runs no file is removed, so every file that the dump refers to is there to be copied. Secrets are no part
of it.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from clinic.services import audit
from clinic.services.database_roles import as_owner
from clinic.version import VERSION
from diagnosis.models import Backup
from diagnosis.services import database_dump, file_store
from diagnosis.services.backup_folder import (
    DIGESTS,
    DUMP,
    HEADS,
    BackupFolder,
    Manifest,
    parts_of,
    write_manifest,
)
from diagnosis.services.file_removal import BACKUP_LOCK
from diagnosis.services.stored_files_check import digests_referred_to
from mlcore.files import replace_file

PATIENCE = "30s"  # for a removal of files that is just going on


class BackupRefused(Exception):
    """No backup was made, and why."""


@dataclass
class _Copied:
    """What came into the backup's folder of files."""

    files: int = 0
    new: int = 0
    new_bytes: int = 0
    missing: list[str] = field(default_factory=list)


def back_up(*, folder: BackupFolder) -> Backup:
    """Make a backup. Raises BackupRefused or DumpFailed, and leaves nothing that looks like one."""
    started = timezone.now()
    name = f"{started:%Y-%m-%dT%H%M%SZ}"
    with as_owner(connection), _files_stay(), folder.new(name) as aside:
        _copy_heads(aside / HEADS)  # before the rows: a head never names a row that the dump does not have
        migrations = _dump(aside)
        copied = _copy_files(folder, aside / DIGESTS)
        size = (aside / DUMP).stat().st_size
        manifest = Manifest(
            made_at=started.isoformat(timespec="seconds"),
            application=VERSION,
            postgresql=database_dump.server_major(),
            migrations=migrations,
            file_count=copied.files,
            missing=copied.missing,
            digests=parts_of(aside),
        )
        write_manifest(aside, manifest)
    return _record(
        Backup(
            name=name,
            started_at=started,
            ended_at=timezone.now(),
            database_bytes=size,
            file_count=copied.files,
            new_file_count=copied.new,
            new_bytes=copied.new_bytes,
            problem_count=len(copied.missing),
        )
    )


@transaction.atomic
def _record(backup: Backup) -> Backup:
    backup.save()
    audit.record(
        actor=None, action="backup.made", subject=backup, files=backup.file_count, problems=backup.problem_count
    )
    return backup


@contextmanager
def _files_stay() -> Iterator[None]:
    """Nobody removes a file meanwhile, and there is one backup at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [PATIENCE])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [BACKUP_LOCK])
        except OperationalError:
            raise BackupRefused("Another backup is being made, or files are being removed. Try again later.") from None
        finally:
            cursor.execute("RESET lock_timeout")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [BACKUP_LOCK])


def _copy_heads(to: Path) -> None:
    for head in sorted(Path(settings.AUDIT_HEADS_DIR).glob("*.json")):
        shutil.copyfile(head, to / head.name)


@transaction.atomic
def _dump(aside: Path) -> dict[str, Sequence[str]]:
    """The database and the digests that its rows refer to, of one moment. Returns the migrations of that moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone() or ("",)
    with database_dump.dumping(aside / DUMP, snapshot=snapshot):
        with (aside / DIGESTS).open("w", encoding="ascii") as lines:
            lines.writelines(f"{sha256}\n" for sha256 in digests_referred_to())
        applied: dict[str, list[str]] = {}
        for app, migration in sorted(MigrationRecorder(connection).applied_migrations()):
            applied.setdefault(app, []).append(migration)
    return dict(applied)


def _copy_files(folder: BackupFolder, digests: Path) -> _Copied:
    copied = _Copied()
    with digests.open(encoding="ascii") as lines:
        for line in lines:
            sha256 = line.strip()
            copied.files += 1
            if folder.file(sha256).exists():
                continue
            try:
                copied.new_bytes += _copy(sha256, folder.file(sha256))
            except (file_store.DamagedFile, OSError):
                copied.missing.append(sha256)
            else:
                copied.new += 1
    return copied


def _copy(sha256: str, target: Path) -> int:
    """Copy a file of the store, held against its digest on the way. Returns its size."""
    digest, size = hashlib.sha256(), 0
    with replace_file(target, mode=0o600) as aside, aside.open("wb") as file:
        for chunk in file_store.chunks(sha256):
            digest.update(chunk)
            size += file.write(chunk)
        if digest.hexdigest() != sha256:
            raise file_store.DamagedFile("The stored file no longer matches its digest.")
    return size
