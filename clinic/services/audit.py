"""The one way to write to the audit trail. Call it inside the transaction of the change it records."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Now

from clinic import request_context
from clinic.models import AuditEvent, Patient, Purpose, Role, User
from clinic.models.purpose import USUAL_PURPOSE


@dataclass(frozen=True, kw_only=True)
class Act:
    """What happened to one thing. `action` is `noun.verb_past`, for example `image.uploaded`.

    `purpose` says why; left empty, it is what a person of the actor's role usually acts for.
    """

    action: str
    subject: models.Model
    patient_id: UUID | None = None
    purpose: Purpose | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject_id(self) -> str:
        return str(self.subject.pk)


def record(
    *,
    actor: User | AnonymousUser | None,
    action: str,
    subject: models.Model,
    patient_id: UUID | None = None,
    purpose: Purpose | None = None,
    **detail: object,
) -> None:
    """Record one act of `actor` (None: the system itself)."""
    act = Act(action=action, subject=subject, patient_id=patient_id, purpose=purpose, detail=detail)
    record_all(actor=actor, acts=[act])


def record_all(*, actor: User | AnonymousUser | None, acts: Iterable[Act]) -> None:
    """Record many acts of one person in one statement: as many rows as things were touched."""
    acts = list(acts)
    _note_patients(acts)
    person = actor if isinstance(actor, User) else None
    origin = request_context.current()
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor=person,
            role=person.role if person else "",
            action=act.action,
            purpose=act.purpose or _usual_purpose(person),
            subject_type=act.subject._meta.label_lower,  # noqa: SLF001  Django's public name for a model
            subject_id=act.subject_id,
            patient_id=act.patient_id,
            address=origin.address if origin else None,
            request_id=origin.request_id if origin else None,
            detail=dict(act.detail),
        )
        for act in acts
    )


def record_look(*, actor: User, action: str, subject: models.Model, patient_id: UUID, **detail: object) -> None:
    """Record that `actor` has `subject` before them: for what a page fetches again and again, like its pictures.

    One row for a person, an action and a thing stands for all looks within AUDIT_LOOK_WINDOW.
    """
    record_looks(actor=actor, acts=[Act(action=action, subject=subject, patient_id=patient_id, detail=detail)])


def record_looks(*, actor: User, acts: Collection[Act]) -> None:
    """Record looks at many things, as `record_look` does."""
    if not acts:
        return
    _note_patients(acts)  # also of looks that are on record already
    recent = AuditEvent.objects.filter(
        actor=actor,
        action__in={act.action for act in acts},
        subject_id__in={act.subject_id for act in acts},
        occurred_at__gt=Now() - settings.AUDIT_LOOK_WINDOW,
    )
    known = set(recent.order_by().values_list("action", "subject_id"))
    record_all(actor=actor, acts=[act for act in acts if (act.action, act.subject_id) not in known])


def record_patients_listed(*, actor: User, patients: Iterable[UUID]) -> None:
    """Record that a list put these patients before `actor`: a look at each of them."""
    acts = [Act(action="patient.listed", subject=Patient(pk=pk), patient_id=pk) for pk in patients]
    record_looks(actor=actor, acts=acts)


def _note_patients(acts: Iterable[Act]) -> None:
    here = request_context.current()
    if here:
        here.patients.update(act.patient_id for act in acts if act.patient_id)


def _usual_purpose(person: User | None) -> Purpose:
    return USUAL_PURPOSE[Role(person.role)] if person else Purpose.SYSTEM
