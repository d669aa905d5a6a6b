"""People, patients, care teams and the audit trail."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from clinic.settings import safety


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Make Django know our checks; and see that a site's own settings, built on production's, are no weaker."""
        import_module("clinic.checks")
        safety.refuse_unsafe(settings)
