"""Restricting a record, and putting it under a legal hold."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from clinic.models import AuditEvent, HoldKind, Patient, RecordHold, User
from clinic.services.care_teams import add_to_care_team
from clinic.services.holds import lift_hold, place_hold
from clinic.services.records import RecordRestricted

REASON = "Letter of Mrs Quist, 3 March"
KINDS = pytest.mark.parametrize("kind", list(HoldKind))


@KINDS
def test_it_is_placed_and_lifted_with_reasons_that_stay(patient: Patient, owner: User, kind: HoldKind) -> None:
    hold = place_hold(patient=patient, kind=kind, reason=f" {REASON} ", placed_by=owner)
    lift_hold(hold=hold, reason="Withdrawn by letter", lifted_by=owner)
    hold.refresh_from_db()
    assert (hold.reason, hold.lift_reason, hold.placed_by, hold.lifted_by) == (
        REASON,
        "Withdrawn by letter",
        owner,
        owner,
    )


@KINDS
def test_the_trail_has_the_act_and_not_the_reason(patient: Patient, owner: User, kind: HoldKind) -> None:
    hold = place_hold(patient=patient, kind=kind, reason=REASON, placed_by=owner)
    lift_hold(hold=hold, reason=REASON, lifted_by=owner)
    for act in ("placed", "lifted"):
        event = AuditEvent.objects.get(action=f"{kind.value}.{act}")
        assert (event.actor, event.patient_id) == (owner, patient.pk)
        assert "Quist" not in str(event.detail)


def test_a_restriction_is_seen_on_the_patient_and_a_legal_hold_is_not(patient: Patient, owner: User) -> None:
    place_hold(patient=patient, kind=HoldKind.LEGAL_HOLD, reason=REASON, placed_by=owner)
    patient.refresh_from_db()
    assert patient.restricted_at is None
    hold = place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=owner)
    patient.refresh_from_db()
    assert patient.restricted_at == hold.placed_at
    lift_hold(hold=hold, reason=REASON, lifted_by=owner)
    patient.refresh_from_db()
    assert patient.restricted_at is None


@KINDS
def test_it_is_refused_twice_and_lifted_once(patient: Patient, owner: User, colleague: User, kind: HoldKind) -> None:
    hold = place_hold(patient=patient, kind=kind, reason=REASON, placed_by=owner)
    with pytest.raises(ValidationError, match="already"):
        place_hold(patient=patient, kind=kind, reason=REASON, placed_by=colleague)
    lift_hold(hold=hold, reason=REASON, lifted_by=colleague)
    with pytest.raises(ValidationError, match="already"):
        lift_hold(hold=hold, reason=REASON, lifted_by=owner)
    assert place_hold(patient=patient, kind=kind, reason=REASON, placed_by=owner).pk != hold.pk


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_it_needs_a_reason_that_can_be_kept(patient: Patient, owner: User, reason: str) -> None:
    with pytest.raises(ValidationError):
        place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=reason, placed_by=owner)
    hold = place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=owner)
    with pytest.raises(ValidationError):
        lift_hold(hold=hold, reason=reason, lifted_by=owner)


@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_others_neither_place_nor_lift(patient: Patient, owner: User, who: str, request: pytest.FixtureRequest) -> None:
    other: User = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=other)
    hold = place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=owner)
    with pytest.raises(PermissionDenied):
        lift_hold(hold=hold, reason=REASON, lifted_by=other)


def test_a_restricted_record_is_shown_to_nobody_new(patient: Patient, owner: User, stranger: User) -> None:
    place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=owner)
    with pytest.raises(RecordRestricted):
        add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    assert Patient.objects.visible_to(owner).get() == patient


def test_the_database_keeps_what_was_placed_and_lifted(patient: Patient, owner: User) -> None:
    hold = place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason=REASON, placed_by=owner)
    rows = RecordHold.objects.filter(pk=hold.pk)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        rows.update(reason="another")
    with pytest.raises(IntegrityError, match="hold_lifted_with_a_reason"), transaction.atomic():
        rows.update(lifted_at=hold.placed_at, lifted_by=owner)
    lift_hold(hold=hold, reason=REASON, lifted_by=owner)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        rows.update(lifted_at=None, lifted_by=None, lift_reason="")
