"""Registering patients and sharing their care."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.models import AuditEvent, Patient, User
from clinic.selectors.patients import search_patients
from clinic.services.care_teams import add_to_care_team
from clinic.services.patients import register_patient
from tests.factories import PatientFactory
from tests.factories import add_to_care_team as join


def test_it_puts_the_doctor_on_the_care_team_and_in_the_trail(owner: User, stranger: User) -> None:
    patient = register_patient(registered_by=owner, record_number=" 12 ", family_name="Quist", given_name="Ada")
    assert patient.record_number == "12"
    assert Patient.objects.visible_to(owner).get() == patient
    assert not Patient.objects.visible_to(stranger).exists()
    event = AuditEvent.objects.get(action="patient.registered")
    assert (event.actor, event.role, event.patient_id) == (owner, "doctor", patient.pk)
    assert "Quist" not in str(event.detail)


def test_it_gives_no_hint_of_another_doctors_patient(owner: User, stranger: User) -> None:
    register_patient(registered_by=owner, record_number="12", family_name="Quist")
    register_patient(registered_by=stranger, record_number="12", family_name="Quist")
    assert Patient.objects.filter(record_number="12").count() == 2


@pytest.mark.parametrize(("number", "name"), [("", "Quist"), ("12", ""), ("  ", "Quist"), ("1" * 51, "Quist")])
def test_it_refuses_missing_and_overlong_identifiers(owner: User, number: str, name: str) -> None:
    with pytest.raises(ValidationError):
        register_patient(registered_by=owner, record_number=number, family_name=name)


def test_only_doctors_register_patients(administrator: User) -> None:
    with pytest.raises(PermissionDenied):
        register_patient(registered_by=administrator, record_number="12", family_name="Quist")


def test_administrators_and_auditors_see_no_patient(patient: Patient, administrator: User, auditor: User) -> None:
    join(patient, administrator)
    assert not Patient.objects.visible_to(administrator).exists()
    assert not Patient.objects.visible_to(auditor).exists()


def test_a_deactivated_doctor_sees_no_patient(patient: Patient, owner: User) -> None:
    owner.is_active = False
    assert not Patient.objects.visible_to(owner).exists()


def test_the_care_team_adds_a_doctor(patient: Patient, owner: User, stranger: User) -> None:
    add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    add_to_care_team(patient=patient, doctor=stranger, added_by=owner)
    assert Patient.objects.visible_to(stranger).get() == patient
    assert AuditEvent.objects.filter(action="care_team.joined", patient_id=patient.pk).count() == 1


def test_a_stranger_does_not_add_themselves(patient: Patient, stranger: User) -> None:
    with pytest.raises(PermissionDenied):
        add_to_care_team(patient=patient, doctor=stranger, added_by=stranger)


@pytest.mark.parametrize("query", ["zett", "ETTER", "ann", "x-77", "ann zett", "zetter x-7"])
def test_search_finds_any_part_of_name_or_number(owner: User, query: str) -> None:
    register_patient(registered_by=owner, record_number="X-770", family_name="Zetterlund", given_name="Anna")
    register_patient(registered_by=owner, record_number="Y-1", family_name="Berg", given_name="Olle")
    assert [patient.family_name for patient in search_patients(user=owner, query=query)] == ["Zetterlund"]


def test_search_never_reaches_strangers_patients(owner: User) -> None:
    PatientFactory.create(family_name="Zetterlund")
    assert not search_patients(user=owner, query="Zetterlund").exists()


def test_nobody_is_born_in_the_future(owner: User) -> None:
    with pytest.raises(ValidationError, match="lies in the future"):
        register_patient(registered_by=owner, record_number="12", family_name="Quist", birth_date=date(2999, 1, 1))
