"""Erasing a record: requested by the care team, carried out by an administrator who sees an id and no more.

The rows go in one transaction, which leaves a tombstone and the digests of the files that lost their rows. The files
go afterwards (see file_removal), and a sweep finishes whatever was interrupted.
"""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import EmergencyAccess, Erasure, ErasureReason, ErasureState, Patient, User
from clinic.selectors.merging import ids_of_record
from clinic.services import audit, kept_answers, records
from clinic.services.permissions import administrators_only
from diagnosis.models import FileToRemove
from diagnosis.selectors.record_rows import digests_of, erased_branches
from diagnosis.selectors.retention import must_be_kept
from diagnosis.services import file_removal

DECIDED = lazy("This request was withdrawn or decided already.")


@transaction.atomic
def request_erasure(*, patient: Patient, reason: ErasureReason, requested_by: User) -> Erasure:
    """Ask for the record to be erased. ValidationError, with the date, while it must be kept."""
    current = records.lock_for_team(patient_ids=[patient.pk], user=requested_by)[patient.pk]
    if Erasure.objects.filter(patient_id=patient.pk, state=ErasureState.REQUESTED).exists():
        raise ValidationError(_("The erasure of this record was requested already."))
    _require_erasable(current)
    erasure = Erasure(patient_id=patient.pk, reason=reason, requested_by=requested_by)
    erasure.full_clean()
    erasure.save()
    _note("erasure.requested", erasure, requested_by)
    return erasure


@transaction.atomic
def withdraw_erasure(*, erasure: Erasure, withdrawn_by: User) -> Erasure:
    """Take the request back. Anybody on the care team can. ValidationError when it was decided meanwhile."""
    records.lock_for_team(patient_ids=[erasure.patient_id], user=withdrawn_by)
    return _decide(erasure, ErasureState.WITHDRAWN, withdrawn_by)


@transaction.atomic
def refuse_erasure(*, erasure: Erasure, refused_by: User) -> Erasure:
    """Decide that the record stays. ValidationError when it was decided meanwhile."""
    administrators_only(refused_by)
    return _decide(erasure, ErasureState.REFUSED, refused_by)


@transaction.atomic
def carry_out_erasure(*, erasure: Erasure, carried_out_by: User) -> Erasure:
    """Erase the record for good, and those merged into it. The trail, which names nobody, stays.

    Raises ValidationError when it was decided meanwhile, must be kept after all, or has one and the same person ask
    and carry out.
    """
    administrators_only(carried_out_by)
    if erasure.requested_by_id == carried_out_by.pk:
        raise ValidationError(_("Whoever requested an erasure does not carry it out."))
    ids = _lock_record(erasure.patient_id)
    if not ids:
        raise ValidationError(DECIDED)
    _require_erasable(Patient.objects.get(pk=erasure.patient_id))
    current = _decide(erasure, ErasureState.CARRIED_OUT, carried_out_by, merged_ids=ids[1:])
    _delete_rows(ids)
    transaction.on_commit(file_removal.remove_noted_files, robust=True)
    return current


def _lock_record(patient_id: UUID) -> list[UUID]:
    """Lock all rows of the record, as far down as workers lock them first, and return its ids, its own first."""
    ids = ids_of_record(patient_id)
    locked = set(Patient.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    for branch in erased_branches():
        rows = branch.rows(ids).select_for_update(of=("self",)).order_by("pk").values_list("pk")
        list(rows)
    return ids if patient_id in locked else []


def _delete_rows(ids: Sequence[UUID]) -> None:
    digests = digests_of(ids)
    FileToRemove.objects.bulk_create((FileToRemove(sha256=one) for one in digests), ignore_conflicts=True)
    for branch in erased_branches():
        rows = branch.rows(ids)
        rows._raw_delete(rows.db)  # noqa: SLF001  no cascades and no PROTECT: every table has its own turn
    kept_answers.forget_answers_about(ids)
    EmergencyAccess.objects.filter(patient__in=ids).update(reason="")  # the report stays, without words about a patient
    Patient.objects.filter(pk__in=ids).update(merged_into=None)
    Patient.objects.filter(pk__in=ids).delete()


def _decide(erasure: Erasure, state: ErasureState, person: User, *, merged_ids: Sequence[UUID] = ()) -> Erasure:
    current = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if current.state != ErasureState.REQUESTED:
        raise ValidationError(DECIDED)
    current.state, current.decided_by, current.decided_at = state, person, timezone.now()
    current.merged_ids = list(merged_ids)
    current.save(update_fields=["state", "decided_by", "decided_at", "merged_ids"])
    _note(f"erasure.{state.value}", current, person)
    return current


def _note(action: str, erasure: Erasure, person: User) -> None:
    audit.record_all(
        actor=person,
        acts=[
            audit.Act(action=action, subject=erasure, patient_id=pk, detail={"reason": erasure.reason})
            for pk in (erasure.patient_id, *erasure.merged_ids)
        ],
    )


def _require_erasable(patient: Patient) -> None:
    sentence = must_be_kept(patient)
    if sentence:
        raise ValidationError(sentence)
