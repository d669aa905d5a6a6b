"""manage.py migrate, by the role that owns the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.services.database_roles import grant_to_application

WHO_AND_WHERE = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


class Command(migrate.Command):
    help = f"{migrate.Command.help} Tells the database what the application's role may do."

    def handle(self, *args: Any, **options: Any) -> None:
        """As Django's. With MIGRATION_DATABASE_URL another role does the work than the one the application has."""
        connection = connections[options["database"]]
        application = str(settings.APPLICATION_DATABASE["USER"])
        with _as_owner(connection):
            super().handle(*args, **options)
            if application != connection.settings_dict["USER"]:
                grant_to_application(connection=connection, role=application)


@contextmanager
def _as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    before = dict(connection.settings_dict)
    if connection.settings_dict["USER"] == settings.MIGRATION_DATABASE["USER"]:
        yield
        return
    connection.close()
    connection.settings_dict.update(
        {name: settings.MIGRATION_DATABASE[name] for name in WHO_AND_WHERE if name in settings.MIGRATION_DATABASE}
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
