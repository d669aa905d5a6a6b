"""manage.py replay ANALYSIS"""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.models import Analysis, AnalysisState
from diagnosis.services.file_store import DamagedFile
from diagnosis.services.replaying import replay


class Command(BaseCommand):
    help = "Run a finished analysis again and compare every digit with what was stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("analysis", type=UUID, metavar="ANALYSIS", help="The analysis' id.")

    def handle(self, *, analysis: UUID, **options: Any) -> None:
        found = (
            Analysis.objects.filter(pk=analysis, state=AnalysisState.SUCCEEDED)
            .select_related("image", "model_version", "prediction")
            .first()
        )
        if found is None:
            raise CommandError("There is no finished analysis with this id.")
        try:
            result = replay(analysis=found)
        except DamagedFile as error:
            raise CommandError(str(error)) from None
        for name, stored in result.stored.items():
            self.stdout.write(f"{name:<12} stored {stored!r:<24} now {result.now[name]!r}")
        if not result.is_identical:
            raise CommandError("The numbers differ from those that were stored.")
        self.stdout.write("Identical, digit for digit.")
