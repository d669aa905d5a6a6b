"""Emergency access: for an hour, with a reason, and everybody hears of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InternalError, transaction
from django.db.models.functions import Now
from django.db.utils import IntegrityError

from clinic.models import AuditEvent, EmergencyAccess, Patient, Purpose, User
from clinic.selectors.emergency_access import open_notices, page_of_report
from clinic.services import audit
from clinic.services.care_teams import add_to_care_team, hand_over, leave_care_team
from clinic.services.emergency_access import (
    MOST_MISSES,
    TooManyMisses,
    acknowledge,
    end_emergency_access,
    open_in_emergency,
)
from diagnosis.models import Analysis, Case, Prediction, SlideImage
from tests.factories import CaseFactory, ImageFactory, PatientFactory, PredictionFactory

REASON = "Brought in unconscious at night."


def opened(doctor: User, patient: Patient, **entries: Any) -> EmergencyAccess:
    exact = {"record_number": patient.record_number, "family_name": patient.family_name, "reason": REASON}
    (access,) = open_in_emergency(doctor=doctor, **exact | entries)
    return access


def past_access(doctor: User, patient: Patient) -> EmergencyAccess:
    """One that began two hours ago by the database's clock, and ended by itself."""
    began = Now() - timedelta(hours=2)
    return EmergencyAccess.objects.create(
        user=doctor, patient=patient, reason=REASON, started_at=began, expires_at=began + timedelta(hours=1)
    )


def test_it_opens_the_record_and_all_that_hangs_on_it(patient: Patient, stranger: User) -> None:
    prediction = PredictionFactory.create(analysis__image=ImageFactory(case=CaseFactory(patient=patient)))
    opened(stranger, patient)
    assert Patient.objects.visible_to(stranger).get() == patient
    assert Prediction.objects.visible_to(stranger).get() == prediction
    for model in (Case, SlideImage, Analysis):
        assert model.objects.visible_to(stranger).count() == 1


def test_it_opens_nobody_else(patient: Patient, stranger: User) -> None:
    PatientFactory.create(family_name=patient.family_name)
    opened(stranger, patient)
    assert Patient.objects.visible_to(stranger).get() == patient


def test_it_lasts_one_hour_by_the_databases_clock_and_ends_by_itself(patient: Patient, stranger: User) -> None:
    access = opened(stranger, patient)
    assert access.expires_at - access.started_at == timedelta(hours=1)
    assert past_access(stranger, patient) not in EmergencyAccess.objects.current()


def test_after_the_hour_there_is_nothing_to_see(patient: Patient, stranger: User) -> None:
    past_access(stranger, patient)
    assert not Patient.objects.visible_to(stranger).exists()


def test_the_database_refuses_a_longer_access(patient: Patient, stranger: User) -> None:
    with pytest.raises(IntegrityError, match="emergency_lasts_an_hour_at_most"):
        EmergencyAccess.objects.create(
            user=stranger, patient=patient, reason=REASON, expires_at=Now() + timedelta(hours=1, seconds=1)
        )


@pytest.mark.parametrize("change", [{"expires_at": Now() + timedelta(minutes=70)}, {"started_at": Now()}])
def test_the_database_refuses_to_prolong_or_move_it(patient: Patient, stranger: User, change: dict[str, Any]) -> None:
    access = opened(stranger, patient)
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        EmergencyAccess.objects.filter(pk=access.pk).update(**change)


def test_the_database_refuses_to_forget_it(patient: Patient, stranger: User) -> None:
    past_access(stranger, patient)
    with pytest.raises(InternalError, match="Cannot delete"), transaction.atomic():
        EmergencyAccess.objects.all().delete()


def test_it_can_be_ended_early_and_only_once(patient: Patient, stranger: User) -> None:
    access = opened(stranger, patient)
    end_emergency_access(access=access, ended_by=stranger)
    end_emergency_access(access=access, ended_by=stranger)
    assert not Patient.objects.visible_to(stranger).exists()
    assert AuditEvent.objects.filter(action="emergency_access.ended", purpose=Purpose.EMERGENCY).count() == 1
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        EmergencyAccess.objects.filter(pk=access.pk).update(ended_at=None)


def test_nobody_ends_anothers(patient: Patient, stranger: User, owner: User) -> None:
    with pytest.raises(PermissionDenied):
        end_emergency_access(access=opened(stranger, patient), ended_by=owner)


@pytest.mark.parametrize(
    "entries",
    [
        {"record_number": "another"},
        {"family_name": "Another"},
        {"family_name": "", "birth_date": date(1971, 1, 1)},
        {"birth_date": date(1971, 1, 1)},
    ],
)
def test_whatever_does_not_fit_gets_the_same_sentence_and_is_recorded(
    patient: Patient, stranger: User, entries: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        opened(stranger, patient, **entries)
    assert refusal.value.messages == [
        "No other patient has exactly these entries. Check them against the referral or the wristband."
    ]
    event = AuditEvent.objects.get(action="emergency_access.missed")
    assert (event.actor, event.patient_id, event.detail) == (stranger, None, {})


@pytest.mark.parametrize(
    "entries", [{"family_name": "", "birth_date": date(1970, 1, 2)}, {"birth_date": date(1970, 1, 2)}, {}]
)
def test_number_with_name_or_date_of_birth_is_enough(patient: Patient, stranger: User, entries: dict[str, Any]) -> None:
    assert opened(stranger, patient, **entries).patient == patient


def test_the_number_alone_is_not_enough(patient: Patient, stranger: User) -> None:
    with pytest.raises(ValidationError, match="family name or the date of birth"):
        opened(stranger, patient, family_name=" ")


def test_letters_case_and_blanks_do_not_matter(patient: Patient, stranger: User) -> None:
    access = opened(
        stranger, patient, record_number=f" {patient.record_number.lower()}", family_name=patient.family_name.upper()
    )
    assert access.patient == patient


@pytest.mark.parametrize("reason", ["", "emergency", " " * 40])
def test_it_wants_a_sentence_as_reason(patient: Patient, stranger: User, reason: str) -> None:
    with pytest.raises(ValidationError, match="Say in a sentence why"):
        opened(stranger, patient, reason=reason)
    assert not EmergencyAccess.objects.exists()


@pytest.mark.parametrize("who", ["administrator", "auditor"])
def test_only_doctors_open_records(patient: Patient, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        opened(request.getfixturevalue(who), patient)


def test_whoever_is_on_the_team_needs_none(patient: Patient, owner: User) -> None:
    with pytest.raises(ValidationError, match="open to you already"):
        opened(owner, patient)


def test_guessing_comes_to_an_end(patient: Patient, stranger: User) -> None:
    for number in range(MOST_MISSES):
        with pytest.raises(ValidationError):
            opened(stranger, patient, record_number=f"guess {number}")
    with pytest.raises(TooManyMisses):
        opened(stranger, patient)
    assert not EmergencyAccess.objects.exists()
    assert AuditEvent.objects.filter(action="emergency_access.throttled").count() == 1


def test_one_who_guesses_does_not_lock_anybody_else_out(patient: Patient, stranger: User) -> None:
    other = PatientFactory.create().created_by
    for number in range(MOST_MISSES):
        with pytest.raises(ValidationError):
            opened(stranger, patient, record_number=f"guess {number}")
    assert opened(other, patient).user == other


def test_a_patient_who_was_registered_twice_is_opened_whole(patient: Patient, stranger: User) -> None:
    twin = PatientFactory.create(record_number=patient.record_number, family_name=patient.family_name)
    open_in_emergency(
        doctor=stranger, record_number=patient.record_number, family_name=patient.family_name, reason=REASON
    )
    assert set(Patient.objects.visible_to(stranger)) == {patient, twin}


def test_a_merged_record_is_opened_as_the_one_it_lives_on_in(patient: Patient, stranger: User) -> None:
    merged = PatientFactory.create(merged_into=patient)
    assert opened(stranger, merged).patient == patient


def test_every_row_of_the_trail_says_that_it_was_an_emergency(patient: Patient, owner: User, stranger: User) -> None:
    access = opened(stranger, patient)
    audit.record(actor=stranger, action="patient.viewed", subject=patient, patient_id=patient.pk)
    audit.record(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk)
    end_emergency_access(access=access, ended_by=stranger)
    audit.record(actor=stranger, action="patient.viewed", subject=patient, patient_id=patient.pk)
    said = AuditEvent.objects.filter(action="patient.viewed").order_by("id").values_list("actor", "purpose")
    assert list(said) == [(stranger.pk, "emergency"), (owner.pk, "care"), (stranger.pk, "care")]


def test_the_reason_stays_out_of_the_trail(patient: Patient, stranger: User) -> None:
    opened(stranger, patient, reason="Zetterlund collapsed in the ward.")
    assert not [event for event in AuditEvent.objects.all() if "Zetterlund" in str(event.detail)]


def test_everybody_on_the_team_is_told_until_they_take_note(
    patient: Patient, owner: User, colleague: User, stranger: User
) -> None:
    access = opened(stranger, patient)
    (notice,) = open_notices(owner)
    assert (notice.access, len(open_notices(colleague)), open_notices(stranger)) == (access, 1, [])
    acknowledge(notice=notice, acknowledged_by=owner)
    assert (open_notices(owner), len(open_notices(colleague))) == ([], 1)
    event = AuditEvent.objects.get(action="emergency_access.acknowledged")
    assert (event.actor, event.patient_id) == (owner, patient.pk)


def test_nobody_takes_note_for_another(patient: Patient, owner: User, colleague: User, stranger: User) -> None:
    opened(stranger, patient)
    with pytest.raises(PermissionDenied):
        acknowledge(notice=open_notices(owner)[0], acknowledged_by=colleague)


def test_whoever_left_the_team_reads_no_notice_about_the_patient(
    patient: Patient, owner: User, colleague: User, stranger: User
) -> None:
    opened(stranger, patient)
    leave_care_team(patient=patient, doctor=colleague)
    assert open_notices(colleague) == []


def test_whoever_takes_over_gets_the_notices_not_yet_read(patient: Patient, owner: User, stranger: User) -> None:
    access = opened(stranger, patient)
    successor = PatientFactory.create().created_by
    hand_over(patient=patient, to=successor, handed_over_by=owner)
    assert [notice.access for notice in open_notices(successor)] == [access]


def test_joining_the_team_ends_the_emergency(patient: Patient, owner: User, stranger: User) -> None:
    opened(stranger, patient)
    add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    assert not EmergencyAccess.objects.current().exists()
    audit.record(actor=stranger, action="patient.viewed", subject=patient, patient_id=patient.pk)
    assert AuditEvent.objects.get(action="patient.viewed").purpose == Purpose.CARE


def test_an_emergency_does_not_let_anybody_change_the_team(patient: Patient, stranger: User) -> None:
    opened(stranger, patient)
    with pytest.raises(PermissionDenied):
        add_to_care_team(patient=patient, doctor=stranger, added_by=stranger)


def test_the_report_says_what_was_done_in_each(patient: Patient, owner: User, stranger: User) -> None:
    earlier = past_access(stranger, patient)
    access = opened(stranger, patient)
    for _ in range(2):
        audit.record(actor=stranger, action="case.viewed", subject=patient, patient_id=patient.pk)
    audit.record(actor=owner, action="case.viewed", subject=patient, patient_id=patient.pk)
    newest, oldest = page_of_report().accesses
    assert (newest.access, newest.acts, newest.unacknowledged) == (access, [("case.viewed", 2)], 1)
    assert (oldest.access, oldest.acts) == (earlier, [])


def test_the_report_takes_the_same_queries_for_many(
    patient: Patient, owner: User, stranger: User, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        past_access(stranger, patient)
    with django_assert_num_queries(4):  # counted, accesses with persons, notices, the trail
        page_of_report()
