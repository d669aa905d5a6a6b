"""Two records of one patient become one, and exactly two again."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from clinic.models import (
    AuditEvent,
    CareTeamMembership,
    ErasureReason,
    HoldKind,
    Merging,
    Patient,
    User,
)
from clinic.selectors.audit import find_events
from clinic.selectors.merging import ids_of_record, lives_on_in
from clinic.services import audit
from clinic.services.holds import lift_hold, place_hold
from clinic.services.records import RecordRestricted
from diagnosis.models import Case
from diagnosis.services.cases import open_case
from diagnosis.services.erasure import request_erasure
from diagnosis.services.merging import merge_records, undo_merging
from tests.factories import CaseFactory, PatientFactory, UserFactory, add_to_care_team


@pytest.fixture
def twin(owner: User) -> Patient:
    """A second record of the owner's patient, without cases that must be kept."""
    twin = PatientFactory.create(created_by=owner, family_name="Twin")
    add_to_care_team(twin, owner)
    return twin


@pytest.fixture
def helper(twin: Patient) -> User:
    """A doctor on the twin's care team alone."""
    helper = UserFactory.create()
    add_to_care_team(twin, helper)
    return helper


def team(patient: Patient) -> set[User]:
    return {one.user for one in CareTeamMembership.objects.filter(patient=patient)}


def rows(patient: Patient) -> set[tuple[object, ...]]:
    return set(CareTeamMembership.objects.filter(patient=patient).values_list("user", "added_by", "added_at"))


def test_cases_and_care_team_move(
    patient: Patient, twin: Patient, owner: User, colleague: User, helper: User, case: Case
) -> None:
    moved = CaseFactory.create(patient=twin)
    merge_records(kept=patient, merged=twin, merged_by=owner)
    assert set(patient.cases.all()) == {case, moved}
    assert team(patient) == {owner, colleague, helper}
    assert not team(twin)
    assert Case.objects.visible_to(helper).count() == 2


def test_the_merged_record_is_seen_as_the_one_it_lives_on_in(
    patient: Patient, twin: Patient, owner: User, stranger: User
) -> None:
    merge_records(kept=patient, merged=twin, merged_by=owner)
    assert not Patient.objects.visible_to(owner).filter(pk=twin.pk).exists()
    assert lives_on_in(patient_id=twin.pk, user=owner) == patient
    assert lives_on_in(patient_id=twin.pk, user=stranger) is None
    assert lives_on_in(patient_id=patient.pk, user=owner) is None
    assert ids_of_record(patient.pk) == [patient.pk, twin.pk]


def test_who_saw_either_of_them_is_found_under_the_kept_one(patient: Patient, twin: Patient, owner: User) -> None:
    for one in (patient, twin):
        audit.record(actor=owner, action="patient.viewed", subject=one, patient_id=one.pk)
    merge_records(kept=patient, merged=twin, merged_by=owner)
    looks = find_events(patient=patient.pk, action="patient.viewed")
    assert {look.patient_id for look in looks} == {patient.pk, twin.pk}
    assert {look.patient_id for look in find_events(patient=twin.pk, action="patient.viewed")} == {twin.pk}


def test_it_is_in_the_history_of_both_and_every_move_is_a_row(
    patient: Patient, twin: Patient, owner: User, helper: User
) -> None:
    CaseFactory.create_batch(3, patient=twin)
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    undo_merging(merging=merging, undone_by=owner)
    for action in ("patient.merged", "patient.merging_undone"):
        events = AuditEvent.objects.filter(action=action)
        assert {event.patient_id for event in events} == {patient.pk, twin.pk}
        assert all(event.detail == {"kept": str(patient.pk), "merged": str(twin.pk)} for event in events)
    assert AuditEvent.objects.filter(action="case.moved", patient_id=patient.pk).count() == 3
    assert AuditEvent.objects.filter(action="case.moved", patient_id=twin.pk).count() == 3
    assert AuditEvent.objects.filter(action="care_team.joined", patient_id=patient.pk).count() == 1


def test_undoing_restores_both_exactly(
    patient: Patient, twin: Patient, owner: User, colleague: User, helper: User, case: Case
) -> None:
    moved = CaseFactory.create(patient=twin)
    before = rows(patient), rows(twin)
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    assert undo_merging(merging=merging, undone_by=owner) == twin
    assert (rows(patient), rows(twin)) == before
    assert list(patient.cases.all()) == [case]
    assert list(twin.cases.all()) == [moved]
    assert Patient.objects.visible_to(helper).get() == twin


def test_what_is_newer_stays_with_the_kept_record(patient: Patient, twin: Patient, owner: User, helper: User) -> None:
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    newer = open_case(patient=patient, opened_by=helper, assay="leukemia", specimen_date=date(2026, 1, 2))
    newcomer = UserFactory.create()
    add_to_care_team(patient, newcomer)
    undo_merging(merging=merging, undone_by=owner)
    assert list(patient.cases.all()) == [newer]
    assert newcomer in team(patient)
    assert not Case.objects.visible_to(helper).exists()


def test_undoing_gives_nobody_back_what_they_had_to_leave(
    patient: Patient, twin: Patient, owner: User, helper: User
) -> None:
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    CareTeamMembership.objects.filter(patient=patient, user=helper).delete()
    undo_merging(merging=merging, undone_by=owner)
    assert team(twin) == {owner}


def test_a_record_that_everybody_left_goes_to_whoever_undoes(
    patient: Patient, twin: Patient, owner: User, colleague: User, helper: User
) -> None:
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    CareTeamMembership.objects.filter(patient=patient, user__in=[owner, helper]).delete()
    undo_merging(merging=merging, undone_by=colleague)
    assert team(twin) == {colleague}
    assert team(patient) == {colleague}


def test_whom_two_merged_records_brought_along_stays_for_the_other(
    patient: Patient, twin: Patient, owner: User, helper: User
) -> None:
    third = PatientFactory.create(created_by=owner)
    for person in (owner, helper):
        add_to_care_team(third, person)
    before = rows(third)
    first = merge_records(kept=patient, merged=twin, merged_by=owner)
    second = merge_records(kept=patient, merged=third, merged_by=owner)
    undo_merging(merging=first, undone_by=owner)
    assert helper in team(patient)
    assert team(twin) == {owner, helper}
    undo_merging(merging=second, undone_by=owner)
    assert helper not in team(patient)
    assert rows(third) == before


def test_records_merged_one_into_the_next_come_apart_in_turn(patient: Patient, twin: Patient, owner: User) -> None:
    third = PatientFactory.create(created_by=owner)
    add_to_care_team(third, owner)
    inner_case = CaseFactory.create(patient=third)
    inner = merge_records(kept=twin, merged=third, merged_by=owner)
    outer = merge_records(kept=patient, merged=twin, merged_by=owner)
    assert lives_on_in(patient_id=third.pk, user=owner) == patient
    assert ids_of_record(patient.pk) == [patient.pk, twin.pk, third.pk]
    with pytest.raises(PermissionDenied):
        undo_merging(merging=inner, undone_by=owner)
    undo_merging(merging=outer, undone_by=owner)
    assert list(twin.cases.all()) == [inner_case]
    undo_merging(merging=inner, undone_by=owner)
    assert list(third.cases.all()) == [inner_case]


def test_it_can_be_merged_again_after_undoing(patient: Patient, twin: Patient, owner: User) -> None:
    undo_merging(merging=merge_records(kept=patient, merged=twin, merged_by=owner), undone_by=owner)
    merge_records(kept=twin, merged=patient, merged_by=owner)
    assert lives_on_in(patient_id=patient.pk, user=owner) == twin


def test_a_record_is_not_merged_with_itself(patient: Patient, owner: User) -> None:
    with pytest.raises(ValidationError, match="with itself"):
        merge_records(kept=patient, merged=patient, merged_by=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Merging.objects.create(kept=patient, merged=patient, merged_by=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(merged_into=patient.pk)


def test_both_must_be_ones_own(patient: Patient, twin: Patient, colleague: User, helper: User, stranger: User) -> None:
    for person in (colleague, helper, stranger):
        with pytest.raises(PermissionDenied):
            merge_records(kept=patient, merged=twin, merged_by=person)
    assert not Merging.objects.exists()


def test_what_was_merged_or_undone_meanwhile_is_refused(
    patient: Patient, twin: Patient, owner: User, stranger: User
) -> None:
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    for kept, merged in ((patient, twin), (twin, patient)):
        with pytest.raises(PermissionDenied):
            merge_records(kept=kept, merged=merged, merged_by=owner)
    with pytest.raises(PermissionDenied):
        undo_merging(merging=merging, undone_by=stranger)
    undo_merging(merging=merging, undone_by=owner)
    with pytest.raises(ValidationError, match="undone already"):
        undo_merging(merging=merging, undone_by=owner)


@pytest.mark.parametrize("kind", list(HoldKind))
def test_a_record_that_is_held_stays_as_it_is(patient: Patient, twin: Patient, owner: User, kind: HoldKind) -> None:
    refused = RecordRestricted if kind == HoldKind.RESTRICTION else ValidationError
    for held in (patient, twin):
        hold = place_hold(patient=held, kind=kind, reason="asked", placed_by=owner)
        with pytest.raises(refused):
            merge_records(kept=patient, merged=twin, merged_by=owner)
        lift_hold(hold=hold, reason="over", lifted_by=owner)
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    place_hold(patient=patient, kind=kind, reason="asked", placed_by=owner)
    with pytest.raises(refused):
        undo_merging(merging=merging, undone_by=owner)


def test_a_record_about_to_be_erased_is_not_merged(patient: Patient, twin: Patient, owner: User) -> None:
    request_erasure(patient=twin, reason=ErasureReason.BY_MISTAKE, requested_by=owner)
    with pytest.raises(ValidationError, match="erasure"):
        merge_records(kept=patient, merged=twin, merged_by=owner)
