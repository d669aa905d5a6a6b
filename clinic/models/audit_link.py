"""The chain through the audit trail."""

from django.db import models

from clinic.models.audit_event import AuditEvent
from clinic.models.unavoidable import append_only


class AuditLink(models.Model):
    """One row's place in the chain, in the order of commits: 1, 2, 3 and so on without a gap.

    `hash` is the SHA-256 of the place, the hash before and all that the event says, in hexadecimal digits. The
    database writes links by itself, at commit and one transaction at a time; nobody else may.
    """

    position = models.BigIntegerField(primary_key=True)
    # No constraint: rows cannot be deleted, and checking the key would cost every write.
    event = models.OneToOneField(AuditEvent, on_delete=models.DO_NOTHING, db_constraint=False, related_name="link")
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"link {self.position}"
