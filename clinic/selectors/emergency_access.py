"""Reading about emergency accesses: whom one would open, who must hear of it, and what was read with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q

from clinic.models import AuditEvent, EmergencyAccess, EmergencyNotice, Patient, Purpose, User
from clinic.models.patient import PatientQuerySet

ACCESSES_A_PAGE = 50


def exact_matches(*, record_number: str, family_name: str, birth_date: date | None) -> Sequence[Patient]:
    """The records of whoever has this number and all else that is given, whoever's care they are in.

    Only for opening them in an emergency. A merged record counts as the one it lives on in.
    """
    same = Patient.objects.filter(record_number__iexact=record_number)
    if family_name:
        same = same.filter(family_name__iexact=family_name)
    if birth_date:
        same = same.filter(birth_date=birth_date)
    return list(_living(same))


def current_access(*, user: User, patient: Patient) -> EmergencyAccess | None:
    """The emergency access by which `user` sees the patient now."""
    return user.emergency_accesses.current().filter(patient=patient).first()


def know_emergencies(user: User) -> None:
    """Ask once whom an emergency opens to `user`, for all that is listed in answer to this request."""
    if user.sees_patients:
        opened = user.emergency_accesses.current().order_by().values_list("patient_id", flat=True)
        user.opened_in_emergency = tuple(opened)


def open_notices(user: User) -> Sequence[EmergencyNotice]:
    """What `user` has not taken note of, about patients who are still in their care."""
    theirs = user.care_team_memberships.values("patient_id")
    notices = user.emergency_notices.filter(
        Q(access__patient__in=theirs) | Q(access__patient__merged_into__in=theirs), acknowledged_at__isnull=True
    )
    return list(notices.select_related("access__user", "access__patient").order_by("access__started_at"))


@dataclass(frozen=True)
class ReportedAccess:
    """One emergency access, and how often each kind of thing was done with it."""

    access: EmergencyAccess
    acts: Sequence[tuple[str, int]]
    unacknowledged: int


@dataclass(frozen=True)
class ReportPage:
    """One page of the report."""

    page: Page[EmergencyAccess]
    accesses: Sequence[ReportedAccess]


def page_of_report(number: str | int = 1) -> ReportPage:
    """Every emergency access, newest first: four queries for any number."""
    everything = EmergencyAccess.objects.select_related("user").prefetch_related("notices")
    page = Paginator(everything.order_by("-started_at", "-id"), ACCESSES_A_PAGE).get_page(number)
    shown = list(page)
    acts = _acts_of(shown)
    return ReportPage(page=page, accesses=[_reported(one, acts[one.pk]) for one in shown])


def _reported(access: EmergencyAccess, acts: Counter[str]) -> ReportedAccess:
    waiting = sum(notice.acknowledged_at is None for notice in access.notices.all())
    return ReportedAccess(access=access, acts=acts.most_common(), unacknowledged=waiting)


def _acts_of(accesses: Sequence[EmergencyAccess]) -> dict[UUID, Counter[str]]:
    """What the trail says was done in each emergency: one query."""
    counts: dict[UUID, Counter[str]] = {access.pk: Counter() for access in accesses}
    if not accesses:
        return counts
    events = AuditEvent.objects.filter(
        purpose=Purpose.EMERGENCY,
        patient_id__in={access.patient_id for access in accesses},
        actor__in={access.user_id for access in accesses},
        occurred_at__gte=min(access.started_at for access in accesses),
    ).exclude(action__startswith="emergency_access.")
    for actor, patient, action, when in events.values_list("actor", "patient_id", "action", "occurred_at"):
        for access in accesses:
            until = access.ended_at or access.expires_at
            same = (access.user_id, access.patient_id) == (actor, patient)
            if same and access.started_at <= when <= until:
                counts[access.pk][action] += 1
    return counts


def _living(patients: PatientQuerySet) -> PatientQuerySet:
    """The records themselves, or those that they were merged into, however often."""
    ids = set(patients.values_list("pk", flat=True))
    while further := set(Patient.objects.filter(merged_records__in=ids).exclude(pk__in=ids)):
        ids |= {patient.pk for patient in further}
    return Patient.objects.filter(pk__in=ids, merged_into__isnull=True)
