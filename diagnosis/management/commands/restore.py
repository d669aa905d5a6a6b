"""manage.py restore FOLDER [NAME]"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.management.commands.check_integrity import describe
from diagnosis.services.backup_folder import BackupFolder, UnusableBackup
from diagnosis.services.database_dump import DumpFailed
from diagnosis.services.restoring import RestoreRefused, restore


class Command(BaseCommand):
    help = "Bring back what manage.py backup made, into an empty place, and prove every file and the trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder of all backups")
        parser.add_argument("name", nargs="?", default="", help="which of them; the newest, unless named")
        parser.add_argument("--replace", action="store_true", help="remove what is in the database first")

    def handle(self, *, folder: Path, name: str, replace: bool, **options: Any) -> None:
        try:
            restored = restore(folder=BackupFolder(folder.expanduser().resolve()), name=name, replace=replace)
        except (RestoreRefused, UnusableBackup) as why:
            raise CommandError(f"Nothing was restored or changed. {why}") from None
        except DumpFailed as why:
            raise CommandError(f"The database could not be loaded and is empty now. {why}") from None
        self.stdout.write(f"Restored: {restored.name}, made by version {restored.manifest.application}.")
        for check in restored.checks:
            self.stdout.write(describe(check))
        if restored.problem_count:
            raise CommandError(f"{restored.problem_count} problems were found in what was restored.")
        self.stdout.write("Every file and the trail are proved.")
        self.stdout.write(
            "Changes since the backup are gone: who was deactivated and which token was revoked since, do it again."
        )
