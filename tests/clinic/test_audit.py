"""The audit trail: written in the transaction of the change, never changed afterwards."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from clinic import request_context
from clinic.models import AuditEvent, Patient, Purpose, User
from clinic.services import audit


def test_it_notes_who_what_whose_data_and_from_where(owner: User, patient: Patient) -> None:
    here = request_context.RequestContext(address="192.0.2.7")
    request_context.enter(here)
    try:
        audit.record(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk, page="history")
    finally:
        request_context.enter(None)
    event = AuditEvent.objects.get()
    assert (event.actor, event.role, event.action) == (owner, "doctor", "patient.viewed")
    assert (event.subject_type, event.subject_id) == ("clinic.patient", str(patient.pk))
    assert (event.patient_id, event.address, event.request_id) == (patient.pk, "192.0.2.7", here.request_id)
    assert event.detail == {"page": "history"}


def test_it_is_undone_with_the_change_it_records(owner: User, patient: Patient) -> None:
    with transaction.atomic():
        audit.record(actor=owner, action="patient.changed", subject=patient)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("who", "why"), [("owner", "care"), ("administrator", "administration"), ("auditor", "audit"), (None, "system")]
)
def test_it_notes_why(request: pytest.FixtureRequest, db: None, who: str | None, why: str) -> None:
    person = request.getfixturevalue(who) if who else None
    audit.record(actor=person, action="thing.viewed", subject=User())
    assert AuditEvent.objects.get().purpose == why


def test_a_service_may_say_why(owner: User, patient: Patient) -> None:
    audit.record(
        actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk, purpose=Purpose.EMERGENCY
    )
    assert AuditEvent.objects.get().purpose == "emergency"


def test_looking_again_soon_is_one_look(owner: User, colleague: User, patient: Patient) -> None:
    for person in (owner, owner, colleague):
        audit.record_look(actor=person, action="patient.viewed", subject=patient, patient_id=patient.pk)
    assert list(AuditEvent.objects.order_by("id").values_list("actor", flat=True)) == [owner.pk, colleague.pk]


def test_looking_again_later_is_another_look(owner: User, patient: Patient, settings: Settings) -> None:
    settings.AUDIT_LOOK_WINDOW = timedelta(0)
    for _ in range(2):
        audit.record_look(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk)
    assert AuditEvent.objects.count() == 2


def test_a_bulk_act_writes_as_many_rows_as_it_touches(owner: User) -> None:
    acts = [audit.Act(action="patient.viewed", subject=owner, patient_id=uuid.uuid4()) for _ in range(5)]
    audit.record_all(actor=owner, acts=acts)
    assert AuditEvent.objects.count() == 5


def test_every_answer_carries_the_id_its_acts_are_kept_under(client: Client) -> None:
    answer = client.get("/health/live")
    assert uuid.UUID(answer["X-Request-ID"]).version == 4
