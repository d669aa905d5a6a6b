"""People, patients, care teams and the audit trail."""

from importlib import import_module

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Make Django know our checks."""
        import_module("clinic.checks")
