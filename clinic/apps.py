"""People, patients, care teams and the audit trail."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from clinic.settings import safety


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Load what listens, and see that a site's own settings, built on production's, are no weaker.

        Where a Sentry is named, errors are reported to it. Our checks tell Django, the second step's events tell the
        trail, and every way of signing in begins a session.
        """
        import_module("clinic.checks")
        import_module("clinic.services.second_step")
        import_module("clinic.session_limits")
        safety.refuse_unsafe(settings)
        if settings.SENTRY_DSN:  # else the library is not even loaded
            import_module("clinic.sentry").start(dsn=settings.SENTRY_DSN)
