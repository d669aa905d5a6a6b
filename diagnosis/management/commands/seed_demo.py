"""manage.py seed_demo"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.services.demo import is_demo, seed_demo


class Command(BaseCommand):
    help = "Fill an empty database with invented people and drawn images; leave any other as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accounts", type=Path, default=settings.VAR_DIR / "demo-accounts.txt", help="Where the passwords go."
        )

        parser.add_argument(
            "--only-look", action="store_true", help="Change nothing; succeed when the database is the demo's."
        )

    def handle(self, *, accounts: Path, only_look: bool, **options: Any) -> None:
        if only_look:
            if not is_demo():
                raise CommandError("This database is not the demo's.")
            return
        if seed_demo(accounts_file=accounts):
            self.stdout.write(f"Demo data is in place. Its passwords are in {accounts}.")
        else:
            self.stdout.write("The database has people already; no demo data was added.")
