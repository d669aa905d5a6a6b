"""manage.py check_integrity"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.models import CheckedThing, IntegrityCheck
from diagnosis.services.integrity import check_everything

WORDS = {
    "missing": "The file {id} is missing, and a row refers to it.",
    "damaged": "The file {id} is no longer what was stored.",
    "without_row": "No row refers to the file {id}; manage.py sweep_files removes it.",
    "wrong_size": "The file {id} has another size than its row says.",
    "trail": "The trail is broken. {id}",
}


class Command(BaseCommand):
    help = (
        "Hold every stored file against its digest and its rows, and prove the trail. Exits 1 when something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=CheckedThing.values, help="check only this")

    def handle(self, *, only: str | None, **options: Any) -> None:
        wrong = sum(self._check(thing) for thing in CheckedThing if only in {None, thing})
        if wrong:
            raise CommandError(f"{wrong} problems were found.")

    def _check(self, thing: CheckedThing) -> int:
        check = check_everything(thing)
        self.stdout.write(describe(check))
        return check.problem_count


def describe(check: IntegrityCheck) -> str:
    """What was proved, then a line for each problem."""
    lines = [_told(check), *(WORDS[problem["kind"]].format(id=problem["id"]) for problem in check.problems)]
    if check.problem_count > len(check.problems):
        lines.append(f"And {check.problem_count - len(check.problems)} more.")
    return "\n".join(lines)


def _told(check: IntegrityCheck) -> str:
    if check.thing == CheckedThing.TRAIL:
        return f"Trail: {check.checked} rows proved."
    return f"Files: {check.checked} looked at, {check.bytes_read} bytes read."
