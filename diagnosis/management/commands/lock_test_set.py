"""manage.py lock_test_set --assay ASSAY --name NAME FOLDER-OR-ZIP"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.services import test_sources
from diagnosis.services.test_sets import lock_test_set
from diagnosis.services.test_sources import InvalidTestSet
from mlcore.assays import ASSAYS


class Command(BaseCommand):
    help = "Lock a test set: a folder a class, perhaps with groups.csv. Models are measured on the newest of an assay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, metavar="FOLDER-OR-ZIP")
        parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
        parser.add_argument("--name", required=True, help="What people call it.")

    def handle(self, *, source: Path, assay: str, name: str, **options: Any) -> None:
        wanted: dict[str, Any] = {"assay": assay, "name": name, "decodes": True}
        try:
            if source.is_dir():
                test_set, is_new = lock_test_set(**wanted, source=test_sources.folder(source))
            else:
                with source.open("rb") as file, test_sources.zipped(file) as opened:
                    test_set, is_new = lock_test_set(**wanted, source=opened)
        except (InvalidTestSet, OSError) as error:
            raise CommandError(f"{source}: {error}") from None
        words = "locked" if is_new else "locked already"
        self.stdout.write(f"{test_set} ({assay}): {words}, {test_set.total} images in {test_set.groups} groups")
