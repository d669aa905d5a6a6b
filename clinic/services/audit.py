"""The one way to write to the audit trail. Call it inside the transaction of the change it records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import models

from clinic import request_context
from clinic.models import AuditEvent, User


@dataclass(frozen=True, kw_only=True)
class Act:
    """What happened to one thing. `action` is `noun.verb_past`, for example `image.uploaded`."""

    action: str
    subject: models.Model
    patient_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(
    *,
    actor: User | AnonymousUser | None,
    action: str,
    subject: models.Model,
    patient_id: UUID | None = None,
    **detail: object,
) -> None:
    """Record one act of `actor` (None: the system itself)."""
    record_all(actor=actor, acts=[Act(action=action, subject=subject, patient_id=patient_id, detail=detail)])


def record_all(*, actor: User | AnonymousUser | None, acts: Iterable[Act]) -> None:
    """Record many acts of one person in one statement: as many rows as things were touched."""
    person = actor if isinstance(actor, User) else None
    origin = request_context.current()
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor=person,
            role=person.role if person else "",
            action=act.action,
            subject_type=act.subject._meta.label_lower,  # noqa: SLF001  Django's public name for a model
            subject_id=str(act.subject.pk),
            patient_id=act.patient_id,
            address=origin.address if origin else None,
            request_id=origin.request_id if origin else None,
            detail=dict(act.detail),
        )
        for act in acts
    )
