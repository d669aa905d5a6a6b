"""manage.py settings_table"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clinic.selectors.settings_now import documented

HEAD = "| name | what it is | default |"


class Command(BaseCommand):
    help = "Write the table of all settings in docs/architecture.md anew, from what each setting says of itself."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        """Everything from the table's head to the first line after it is replaced."""
        path = settings.BASE_DIR / "docs" / "architecture.md"
        before, _, rest = path.read_text(encoding="utf-8").partition(HEAD)
        after = rest[rest.index("\n\n") :]
        path.write_text(before + documented() + after, encoding="utf-8")
