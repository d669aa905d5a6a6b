"""manage.py replay ANALYSIS, or --case and --model for many"""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from diagnosis.models import Analysis, AnalysisState
from diagnosis.services.file_store import DamagedFile
from diagnosis.services.replaying import replay


class Command(BaseCommand):
    help = "Run finished analyses again, by the version that made them, and compare every digit with what was stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("analysis", nargs="?", type=UUID, metavar="ANALYSIS", help="The analysis' id.")
        parser.add_argument("--case", type=UUID, help="All of this case, by whichever versions.")
        parser.add_argument("--model", type=UUID, help="All by this version, also one that is retired.")

    def handle(self, *, analysis: UUID | None, case: UUID | None, model: UUID | None, **options: Any) -> None:
        asked = {"pk": analysis, "image__case": case, "model_version": model}
        wanted = {field: value for field, value in asked.items() if value}
        if not wanted:
            raise CommandError("Say which: an analysis' id, --case or --model.")
        found = Analysis.objects.filter(state=AnalysisState.SUCCEEDED, **wanted).order_by("model_version", "pk")
        if analysis:
            self._one(found)
        else:
            self._many(found)

    def _one(self, analyses: QuerySet[Analysis]) -> None:
        """Every number, stored and now."""
        found = _with_all(analyses).first()
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

    def _many(self, analyses: QuerySet[Analysis]) -> None:
        """Only what differs or cannot be read, and how many there were."""
        total = bad = 0
        for one in _with_all(analyses).iterator(chunk_size=100):
            total += 1
            fault = _fault(one)
            if fault:
                bad += 1
                self.stderr.write(f"{one.pk}: {fault}")
        if bad:
            raise CommandError(f"{bad} of {total} results could not be proved.")
        self.stdout.write(f"{total} result{'' if total == 1 else 's'} proved, digit for digit.")


def _with_all(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    return analyses.select_related("image", "model_version", "prediction")


def _fault(analysis: Analysis) -> str:
    """What is wrong with a stored result; empty when nothing is."""
    try:
        return "" if replay(analysis=analysis).is_identical else "the numbers differ from those that were stored."
    except DamagedFile as error:
        return str(error)
