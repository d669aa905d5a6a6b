"""Making one record of two of the same patient, and two again."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import CareTeamMembership, Erasure, ErasureState, HoldKind, MergedMembership, Merging, Patient, User
from clinic.services import audit, records
from diagnosis.models import Case, MergedCase


@transaction.atomic
def merge_records(*, kept: Patient, merged: Patient, merged_by: User) -> Merging:
    """Move cases and care team of `merged` to `kept`; the id of `merged` leads there from now on.

    Raises PermissionDenied unless the person is on both care teams, ValidationError when a record is frozen.
    """
    if kept.pk == merged.pk:
        raise ValidationError(_("A record cannot be merged with itself."))
    patients = records.lock_for_team(patient_ids=[kept.pk, merged.pk], user=merged_by)
    _require_free(patients.values())
    merging = Merging.objects.create(kept=kept, merged=merged, merged_by=merged_by)
    acts = [*_move_cases(merging), *_move_memberships(merging)]
    Patient.objects.filter(pk=merged.pk).update(merged_into=kept)
    audit.record_all(actor=merged_by, acts=[*_on_both("patient.merged", merging), *acts])
    return merging


@transaction.atomic
def undo_merging(*, merging: Merging, undone_by: User) -> Patient:
    """Make two records of one again: what came with the merged record goes back, whatever is newer stays.

    Nobody gets back access that was taken from them meanwhile. Returns the record that was merged. Raises
    PermissionDenied unless the person is on the team, ValidationError when it was undone already or is frozen.
    """
    patients = records.lock_for_team(patient_ids=[merging.kept_id], user=undone_by)
    current = Merging.objects.select_for_update(no_key=True).get(pk=merging.pk)
    if current.undone_at:
        raise ValidationError(_("This merging was undone already."))
    _require_free(patients.values())
    acts = [*_return_cases(current), *_return_memberships(current, undone_by)]
    Patient.objects.filter(pk=current.merged_id).update(merged_into=None)
    current.undone_at, current.undone_by = timezone.now(), undone_by
    current.save(update_fields=["undone_at", "undone_by"])
    audit.record_all(actor=undone_by, acts=[*_on_both("patient.merging_undone", current), *acts])
    return Patient.objects.get(pk=current.merged_id)


def _require_free(patients: Iterable[Patient]) -> None:
    for patient in patients:
        if patient.restricted_at:
            raise records.RecordRestricted
        if patient.holds.filter(kind=HoldKind.LEGAL_HOLD, lifted_at__isnull=True).exists():
            raise ValidationError(_("A record under a legal hold stays as it is."))
        if Erasure.objects.filter(patient_id=patient.pk, state=ErasureState.REQUESTED).exists():
            raise ValidationError(_("The erasure of a record was requested. Withdraw the request first."))


def _on_both(action: str, merging: Merging) -> list[audit.Act]:
    """The act itself, in the history of either id."""
    detail = {"kept": str(merging.kept_id), "merged": str(merging.merged_id)}
    return [
        audit.Act(action=action, subject=merging, patient_id=pk, detail=detail)
        for pk in (merging.kept_id, merging.merged_id)
    ]


def _move_cases(merging: Merging) -> list[audit.Act]:
    cases = list(Case.objects.filter(patient=merging.merged_id))
    MergedCase.objects.bulk_create(MergedCase(merging=merging, case=case) for case in cases)
    Case.objects.filter(patient=merging.merged_id).update(patient=merging.kept_id)
    return [audit.Act(action="case.moved", subject=case, patient_id=merging.kept_id) for case in cases]


def _return_cases(merging: Merging) -> list[audit.Act]:
    came = Case.objects.filter(pk__in=merging.cases.values("case"), patient=merging.kept_id)
    cases = list(came)
    came.update(patient=merging.merged_id)
    return [audit.Act(action="case.moved", subject=case, patient_id=merging.merged_id) for case in cases]


def _move_memberships(merging: Merging) -> list[audit.Act]:
    memberships = list(CareTeamMembership.objects.filter(patient=merging.merged_id))
    there = set(CareTeamMembership.objects.filter(patient=merging.kept_id).values_list("user_id", flat=True))
    moving = [one for one in memberships if one.user_id not in there]
    MergedMembership.objects.bulk_create(
        MergedMembership(
            merging=merging,
            user_id=one.user_id,
            added_at=one.added_at,
            added_by_id=one.added_by_id,
            moved=None if one.user_id in there else one.pk,
        )
        for one in memberships
    )
    CareTeamMembership.objects.filter(pk__in=[one.pk for one in moving]).update(patient=merging.kept_id)
    CareTeamMembership.objects.filter(patient=merging.merged_id).delete()
    return [_joined(one, merging.kept_id) for one in moving]


def _return_memberships(merging: Merging, undone_by: User) -> list[audit.Act]:
    team = {one.user_id: one for one in CareTeamMembership.objects.filter(patient=merging.kept_id)}
    back = [_return_membership(row, team[row.user_id]) for row in merging.memberships.all() if row.user_id in team]
    if not back:  # everybody left meanwhile: somebody must be able to look after the record
        back = [CareTeamMembership.objects.create(patient_id=merging.merged_id, user=undone_by, added_by=undone_by)]
    return [_joined(one, merging.merged_id) for one in back]


def _return_membership(row: MergedMembership, current: CareTeamMembership) -> CareTeamMembership:
    if row.moved != current.pk:  # was on both teams, or came back to the kept record in their own right
        return _restore(row, row.merging.merged_id)
    CareTeamMembership.objects.filter(pk=current.pk).update(patient=row.merging.merged_id)
    _keep_through_another(row)
    return current


def _keep_through_another(row: MergedMembership) -> None:
    """Whom another merging brought along as well stays on the kept record's team."""
    standing = MergedMembership.objects.filter(
        merging__kept=row.merging.kept_id, merging__undone_at__isnull=True, user=row.user_id
    )
    heir = standing.exclude(pk=row.pk).order_by("pk").first()
    if heir is not None:
        heir.moved = _restore(heir, row.merging.kept_id).pk
        heir.save(update_fields=["moved"])


def _restore(row: MergedMembership, patient_id: UUID) -> CareTeamMembership:
    membership = CareTeamMembership.objects.create(
        patient_id=patient_id, user_id=row.user_id, added_by_id=row.added_by_id
    )
    CareTeamMembership.objects.filter(pk=membership.pk).update(added_at=row.added_at)
    return membership


def _joined(membership: CareTeamMembership, patient_id: UUID) -> audit.Act:
    return audit.Act(
        action="care_team.joined",
        subject=membership,
        patient_id=patient_id,
        detail={"doctor": str(membership.user_id)},
    )
