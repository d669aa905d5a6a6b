"""manage.py migrate, by the role that owns the tables."""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections

from clinic.services.database_roles import as_owner, grant_to_application


class Command(migrate.Command):
    help = f"{migrate.Command.help} Tells the database what the application's role may do."

    def handle(self, *args: Any, **options: Any) -> None:
        """As Django's. With MIGRATION_DATABASE_URL another role does the work than the one the application has."""
        connection = connections[options["database"]]
        application = str(settings.APPLICATION_DATABASE["USER"])
        with as_owner(connection):
            super().handle(*args, **options)
            if application != connection.settings_dict["USER"]:
                grant_to_application(connection=connection, role=application)
