"""manage.py create_person --email A@B --name "Full Name" --role doctor"""

import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.models import PEOPLES_ROLES, Role
from clinic.services.people import create_person


class Command(BaseCommand):
    help = "Add a person who may sign in. The password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=[role.value for role in PEOPLES_ROLES])

    def handle(self, *, email: str, name: str, role: str, **options: Any) -> None:
        try:
            create_person(email=email, full_name=name, role=Role(role), password=getpass.getpass())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{name} may now sign in as {role}.")
