"""Remove files that no record refers to, as the scheduler does every hour."""

from typing import Any

from django.core.management.base import BaseCommand

from diagnosis.services.file_removal import remove_forgotten_files, remove_noted_files


class Command(BaseCommand):
    """manage.py sweep_files"""

    help = "Remove the files of erased records, and what crashes left behind."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many went."""
        noted, forgotten = remove_noted_files(), remove_forgotten_files()
        self.stdout.write(f"{noted} files of erased records and {forgotten} forgotten files removed.")
