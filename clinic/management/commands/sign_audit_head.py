"""manage.py sign_audit_head"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.services.audit_chain import BrokenTrail
from clinic.services.audit_heads import sign_head


class Command(BaseCommand):
    help = "Sign the audit trail's last row and keep the signature outside the database. The scheduler does it hourly."

    def handle(self, **options: Any) -> None:
        try:
            head = sign_head()
        except BrokenTrail as broken:
            raise CommandError(f"Nothing was signed. {broken}") from None
        self.stdout.write(f"Signed: row {head.event_id} (link {head.position})." if head else "The trail is empty.")
