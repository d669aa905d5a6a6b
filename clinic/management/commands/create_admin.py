"""manage.py create_admin EMAIL "Full Name" """

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.services.invitations import create_administrator


class Command(BaseCommand):
    help = "Add an administrator, and print the one-time link by which they choose their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *, email: str, name: str, **options: Any) -> None:
        try:
            link = create_administrator(email=email, full_name=name)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"Good once, until {link.invitation.expires_at:%Y-%m-%d %H:%M} UTC:\n{link.address}")
