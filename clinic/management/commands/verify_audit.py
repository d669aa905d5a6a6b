"""manage.py verify_audit"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.services.audit_chain import BrokenTrail
from clinic.services.audit_proof import prove_trail


class Command(BaseCommand):
    help = "Prove that the audit trail is what was written. Names the first broken row and exits 1 when it is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--heads", type=Path, default=settings.AUDIT_HEADS_DIR, help="the folder of the signed heads, or of a copy"
        )

    def handle(self, *, heads: Path, **options: Any) -> None:
        try:
            proof = prove_trail(heads_folder=heads)
        except BrokenTrail as broken:
            raise CommandError(f"The trail is broken. {broken}") from None
        self.stdout.write(f"The trail is whole: {proof.rows} rows.")
        if proof.heads:
            newest = proof.heads[-1]
            self.stdout.write(f"It passes through {len(proof.heads)} signed heads, the newest of {newest.signed_at}.")
        else:
            self.stdout.write(f"There is no signed head in {heads}: that nothing is cut off its end is not proved.")
