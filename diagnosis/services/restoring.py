"""Bringing a backup back: what is wrong with it is said before anything is touched, and what came back is proved."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from clinic.services import audit
from clinic.services.audit_chain import BrokenTrail
from clinic.services.audit_heads import read_heads
from clinic.services.database_roles import as_owner
from clinic.version import VERSION
from diagnosis.models import CheckedThing, IntegrityCheck
from diagnosis.services import database_dump, file_store
from diagnosis.services.backup_folder import DUMP, HEADS, BackupFolder, Manifest, digest_of
from diagnosis.services.file_removal import remove_forgotten_files
from diagnosis.services.integrity import check_everything


class RestoreRefused(Exception):
    """Nothing was touched, and why."""


@dataclass(frozen=True)
class Restored:
    """What came back, and what the proof of it found."""

    name: str
    manifest: Manifest
    checks: Sequence[IntegrityCheck]

    @property
    def problem_count(self) -> int:
        return sum(check.problem_count for check in self.checks)


def restore(*, folder: BackupFolder, name: str = "", replace: bool = False) -> Restored:
    """Bring back a backup, the newest unless another is named, and prove every file and the trail.

    Raises RestoreRefused or UnusableBackup before anything is touched: when the backup is not whole or newer than this
    version, when there is something already (unless it is to be replaced), or when somebody is at work.
    """
    name = name or _newest(folder)
    manifest = folder.manifest(name)
    _refuse_newer(manifest)
    _refuse_unreadable_heads(folder.root / name / HEADS)
    _refuse_incomplete(folder, name, manifest)
    with as_owner(connection):
        _refuse_to_disturb(replace=replace)
        if replace:
            database_dump.empty()
        connection.close()
        database_dump.load(folder.root / name / DUMP)
        call_command("migrate", verbosity=0, interactive=False)
        if replace:
            remove_forgotten_files()  # those of what was replaced
    _bring_heads(folder.root / name / HEADS)
    _bring_files(folder, name)
    return _proved(name, manifest)


def _newest(folder: BackupFolder) -> str:
    names = folder.names()
    if not names:
        raise RestoreRefused(f"There is no backup in {folder.root}.")
    return names[-1]


def _refuse_newer(manifest: Manifest) -> None:
    known = MigrationLoader(None).disk_migrations or {}
    unknown = [(app, one) for app, names in manifest.migrations.items() for one in names if (app, one) not in known]
    if unknown or _numbers(manifest.application) > _numbers(VERSION):
        raise RestoreRefused(
            f"The backup was made by a newer version ({manifest.application}) than this one ({VERSION}). "
            "Install that version, or a later one, and restore there."
        )
    if manifest.postgresql > database_dump.server_major():
        raise RestoreRefused(f"The backup needs PostgreSQL {manifest.postgresql} or later.")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _refuse_unreadable_heads(heads: Path) -> None:
    try:
        read_heads(heads)
    except BrokenTrail as broken:
        raise RestoreRefused(
            f"{broken} Secrets are no part of a backup: put AUDIT_SIGNING_KEY back as it was when the backup was made."
        ) from None


def _refuse_incomplete(folder: BackupFolder, name: str, manifest: Manifest) -> None:
    known = set(manifest.missing)
    gone = sum(not folder.file(sha256).is_file() for sha256 in folder.digests(name) if sha256 not in known)
    if gone:
        raise RestoreRefused(f"{gone} files of the backup are missing in {folder.files}.")


def _refuse_to_disturb(*, replace: bool) -> None:
    try:
        database_dump.program("pg_restore")
    except database_dump.DumpFailed as why:
        raise RestoreRefused(str(why)) from None
    if not replace and not database_dump.is_empty():
        raise RestoreRefused("The database is not empty. Say --replace to remove all that is in it first.")
    if not replace and next(file_store.stored_between("", "g"), None):
        raise RestoreRefused("The file store is not empty. Say --replace to restore into it nevertheless.")
    if others := database_dump.others_connected():
        raise RestoreRefused(f"{others} others are connected to the database. Stop web, worker and scheduler first.")


def _bring_heads(source: Path) -> None:
    """Heads that were signed after the backup speak of rows that are gone: they are put aside, not thrown away."""
    target: Path = settings.AUDIT_HEADS_DIR
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before := sorted(target.glob("*.json")):
        aside = target / f"before-{timezone.now():%Y-%m-%dT%H%M%SZ}"
        aside.mkdir(mode=0o700)
        for head in before:
            head.rename(aside / head.name)
    for head in sorted(source.glob("*.json")):
        shutil.copyfile(head, target / head.name)


def _bring_files(folder: BackupFolder, name: str) -> None:
    """Those that are damaged in the backup are left out, and missed by the proof."""
    for sha256 in folder.digests(name):
        path = folder.file(sha256)
        if path.is_file() and not _is_whole(sha256) and digest_of(path) == sha256:
            with path.open("rb") as file:
                file_store.put(File(file))


def _is_whole(sha256: str) -> bool:
    try:
        file_store.verify(sha256)
    except file_store.DamagedFile:
        return False
    return True


def _proved(name: str, manifest: Manifest) -> Restored:
    checks = [check_everything(thing) for thing in CheckedThing]
    restored = Restored(name, manifest, checks)
    audit.record(actor=None, action="backup.restored", subject=checks[0], backup=name, problems=restored.problem_count)
    return restored
