"""Celery tasks: ids in, one service call."""

from uuid import UUID

import clinic.worker_memory
import clinic.worker_signals  # noqa: F401  both listen
from clinic.celery import task
from clinic.services import audit_heads, reset_links


@task
def sign_audit_head() -> None:
    """Sign the trail's last row; an error in the log when the trail does not go on from the head before."""
    audit_heads.sign_head()


@task
def send_reset_link(person_id: str) -> None:
    """Send the link by which a person chooses a new password."""
    reset_links.send_reset_link(person_id=UUID(person_id))
