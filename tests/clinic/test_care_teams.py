"""Sharing the care of a patient, leaving it, and handing it over."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from clinic.models import AuditEvent, CareTeamMembership, PastMembership, Patient, User
from clinic.selectors.care_teams import find_doctors, past_of, team_of
from clinic.services.care_teams import add_to_care_team, hand_over, leave_care_team
from tests.factories import UserFactory


def members(patient: Patient) -> set[User]:
    return {one.user for one in team_of(patient)}


def test_a_member_shares_and_both_see_the_patient(patient: Patient, owner: User, stranger: User) -> None:
    add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    assert members(patient) == {owner, stranger}
    event = AuditEvent.objects.get(action="care_team.joined")
    assert (event.actor, event.patient_id) == (owner, patient.pk)
    assert event.detail == {"doctor": str(stranger.pk)}


def test_whoever_leaves_sees_nothing_any_more_and_is_remembered(patient: Patient, owner: User, colleague: User) -> None:
    leave_care_team(patient=patient, doctor=colleague)
    assert not Patient.objects.visible_to(colleague).exists()
    (past,) = past_of(patient)
    assert past.user == colleague
    assert past.added_at < past.left_at
    event = AuditEvent.objects.get(action="care_team.left")
    assert (event.actor, event.patient_id, event.detail["doctor"]) == (colleague, patient.pk, str(colleague.pk))


def test_the_last_doctor_cannot_leave(patient: Patient, owner: User) -> None:
    with pytest.raises(ValidationError, match="Hand the patient over"):
        leave_care_team(patient=patient, doctor=owner)
    assert members(patient) == {owner}


def test_a_deactivated_colleague_does_not_count_as_somebody_who_stays(
    patient: Patient, owner: User, colleague: User
) -> None:
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    with pytest.raises(ValidationError):
        leave_care_team(patient=patient, doctor=owner)


def test_the_last_doctor_hands_over(patient: Patient, owner: User, stranger: User) -> None:
    hand_over(patient=patient, to=stranger, handed_over_by=owner)
    assert members(patient) == {stranger}
    assert not Patient.objects.visible_to(owner).exists()
    actions = AuditEvent.objects.filter(patient_id=patient.pk, action__startswith="care_team").order_by("id")
    assert [event.action for event in actions] == ["care_team.joined", "care_team.left"]
    assert actions[1].detail["handed_over_to"] == str(stranger.pk)


def test_a_restricted_record_can_be_handed_over_but_not_shared(patient: Patient, owner: User, stranger: User) -> None:
    patient.holds.create(kind="restriction", reason="The patient asked for it.", placed_by=owner)
    with pytest.raises(ValidationError, match="restricted"):
        add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    hand_over(patient=patient, to=stranger, handed_over_by=owner)
    assert members(patient) == {stranger}


@pytest.mark.parametrize("who", ["administrator", "auditor"])
def test_only_doctors_join(patient: Patient, owner: User, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(ValidationError, match="Only doctors"):
        hand_over(patient=patient, to=request.getfixturevalue(who), handed_over_by=owner)
    assert members(patient) == {owner}


def test_a_stranger_changes_nothing(patient: Patient, owner: User, stranger: User) -> None:
    with pytest.raises(PermissionDenied):
        leave_care_team(patient=patient, doctor=stranger)
    with pytest.raises(PermissionDenied):
        hand_over(patient=patient, to=stranger, handed_over_by=stranger)
    assert members(patient) == {owner}


def test_one_cannot_hand_over_to_oneself(patient: Patient, owner: User) -> None:
    with pytest.raises(ValidationError, match="Choose a colleague"):
        hand_over(patient=patient, to=owner, handed_over_by=owner)


def test_a_membership_that_is_deleted_by_other_means_is_remembered_too(patient: Patient, owner: User) -> None:
    CareTeamMembership.objects.filter(patient=patient).delete()
    assert PastMembership.objects.get(patient_id=patient.pk).user == owner


@pytest.mark.django_db(transaction=True)
def test_the_last_two_cannot_both_leave_at_once(patient: Patient, owner: User, colleague: User) -> None:
    def leave(doctor: User) -> str:
        try:
            leave_care_team(patient=patient, doctor=doctor)
        except ValidationError:
            return "stays"
        finally:
            connection.close()
        return "left"

    with ThreadPoolExecutor(2) as at_once:
        assert sorted(at_once.map(leave, [owner, colleague])) == ["left", "stays"]
    assert len(members(patient)) == 1


@pytest.mark.parametrize("query", ["stella", "STRANGER ste", "stella.s@clinic"])
def test_doctors_are_found_by_name_or_address(db: None, query: str) -> None:
    sought = UserFactory.create(full_name="Stella Stranger", email="stella.s@clinic.example")
    UserFactory.create(full_name="Olivia Owner")
    assert find_doctors(query=query) == [sought]


def test_search_finds_only_active_doctors_who_are_not_on_the_team(
    patient: Patient, owner: User, stranger: User, administrator: User, auditor: User
) -> None:
    UserFactory.create(full_name="Gone", is_active=False)
    assert find_doctors(query="clinic.example", not_on=patient) == [stranger]
    assert find_doctors(query="c", not_on=patient) == []
