"""`manage.py collect_messages`: bring the catalogues of translations up to date with what the pages say."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clinic.catalogues import bring_up_to_date


class Command(BaseCommand):
    """For every language but the one that the texts are written in."""

    help = "Collect all texts into locale/*/LC_MESSAGES/django.po; translations that are there stay."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for language, _name in settings.LANGUAGES:
            if language != settings.LANGUAGE_CODE:
                catalogue = bring_up_to_date(language)
                missing = sum(not all(_texts(message.string)) for message in catalogue if message.id)
                self.stdout.write(f"{language}: {len(catalogue)} texts, {missing} to translate.")


def _texts(string: Any) -> list[str]:
    return list(string) if isinstance(string, list | tuple) else [string or ""]
