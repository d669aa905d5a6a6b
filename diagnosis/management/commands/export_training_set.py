"""manage.py export_training_set --assay ASSAY --out DIR"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.services.training_export import NothingWritten, export_training_set
from mlcore.assays import ASSAYS


class Command(BaseCommand):
    help = "Write signed readings as a folder-per-class data set without names, ready for `python -m mlcore train`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
        parser.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="A folder that is empty or not there."
        )

    def handle(self, *, assay: str, out: Path, **options: Any) -> None:
        try:
            written = export_training_set(assay=assay, out=out)
        except (NothingWritten, OSError) as error:
            raise CommandError(str(error)) from None
        classes = ", ".join(f"{name} {count}" for name, count in sorted(written.images_by_class.items()))
        self.stdout.write(f"{out}: {classes}; {written.patients} patients; {written.unreadable} could not be read.")
        self.stdout.write(
            f"python -m mlcore train --assay {assay} --data {out} --groups {out / 'groups.csv'} --out FILE"
        )
