"""The audit trail: written in the transaction of the change, never changed afterwards."""

import uuid

import pytest
from django.db import InternalError, transaction
from django.db.utils import Error
from django.test import Client

from clinic import request_context
from clinic.models import AuditEvent, Patient, User
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


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_a_row(owner: User, change: str) -> None:
    audit.record(actor=owner, action="person.viewed", subject=owner)
    rows = AuditEvent.objects.all()
    with pytest.raises((InternalError, Error), match="Cannot"), transaction.atomic():
        rows.update(action="nothing") if change == "update" else rows.delete()
    assert AuditEvent.objects.get().action == "person.viewed"


def test_a_bulk_act_writes_as_many_rows_as_it_touches(owner: User) -> None:
    acts = [audit.Act(action="patient.viewed", subject=owner, patient_id=uuid.uuid4()) for _ in range(5)]
    audit.record_all(actor=owner, acts=acts)
    assert AuditEvent.objects.count() == 5


def test_every_answer_carries_the_id_its_acts_are_kept_under(client: Client) -> None:
    answer = client.get("/health/live")
    assert uuid.UUID(answer["X-Request-ID"]).version == 4
