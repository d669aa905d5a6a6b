"""manage.py backup FOLDER"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.services.backing_up import BackupRefused, back_up
from diagnosis.services.backup_folder import BackupFolder
from diagnosis.services.database_dump import DumpFailed

NO_SECRETS = "Secrets (keys, passwords, certificates) are no part of it: keep them elsewhere, or nobody can use it."


class Command(BaseCommand):
    help = f"Back up database, files and signed heads of the trail; only new files are copied. {NO_SECRETS}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder of all backups, on another disk")
        parser.add_argument("--keep", type=int, help="remove all but so many of the newest backups afterwards")

    def handle(self, *, folder: Path, keep: int | None, **options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("--keep must be at least 1.")
        backups = BackupFolder(folder.expanduser().resolve())
        try:
            backup = back_up(folder=backups)
        except (BackupRefused, DumpFailed, OSError) as why:
            raise CommandError(f"No backup was made. {why}") from None
        self.stdout.write(f"Backed up: {backups.root / backup.name}")
        self.stdout.write(f"Database: {backup.database_bytes} bytes.")
        self.stdout.write(
            f"Files: {backup.file_count}, of them {backup.new_file_count} new ({backup.new_bytes} bytes)."
        )
        self.stdout.write(NO_SECRETS)
        if keep is not None:
            self.stdout.write(f"Removed: {backups.keep(keep)} older backups.")
        if backup.problem_count:
            raise CommandError(
                f"{backup.problem_count} files were missing or damaged and are not in it. "
                "manage.py check_integrity names them."
            )
