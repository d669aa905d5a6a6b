"""Asking once, at the beginning of a page, whom an emergency opens to a doctor."""

import pytest

from clinic.models import Patient, User
from clinic.selectors.emergency_access import know_emergencies
from clinic.services.emergency_access import open_in_emergency
from diagnosis.models import Case, CaseStanding
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


def open_record(patient: Patient, doctor: User) -> None:
    open_in_emergency(
        doctor=doctor,
        record_number=patient.record_number,
        family_name=patient.family_name,
        reason="Unconscious in the emergency room.",
    )


def test_it_shows_the_same_as_asking_each_time(owner: User, stranger: User, case: Case) -> None:
    PatientFactory.create()
    for person in (owner, stranger):
        before = list(Case.objects.visible_to(person)), list(CaseStanding.objects.visible_to(person))
        know_emergencies(person)
        assert (list(Case.objects.visible_to(person)), list(CaseStanding.objects.visible_to(person))) == before


def test_it_shows_whom_an_emergency_opens_beside_the_doctors_own(stranger: User, owner: User, case: Case) -> None:
    own = PatientFactory.create(created_by=stranger)
    own.care_team_memberships.create(user=stranger, added_by=stranger)
    open_record(case.patient, stranger)
    know_emergencies(stranger)
    assert set(Patient.objects.visible_to(stranger)) == {own, case.patient}
    assert list(Case.objects.visible_to(stranger)) == [case]


def test_it_hides_a_merged_record(owner: User, patient: Patient) -> None:
    living = PatientFactory.create()
    Patient.objects.filter(pk=patient.pk).update(merged_into=living)
    know_emergencies(owner)
    assert not Patient.objects.visible_to(owner).exists()


def test_it_is_nothing_to_whoever_sees_no_patients(administrator: User, case: Case) -> None:
    know_emergencies(administrator)
    assert not Patient.objects.visible_to(administrator).exists()
