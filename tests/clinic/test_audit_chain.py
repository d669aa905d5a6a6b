"""The chain through the trail: one link a row, without forks, whoever writes and however."""

import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from clinic import request_context
from clinic.models import AuditEvent, AuditLink, Patient, User
from clinic.services import audit
from clinic.services.audit_chain import verified_links

WRITERS = 50
ACTS_A_WRITER = 4


class ChangeOfMindError(Exception):
    """What makes a writer's transaction end without a trace."""


def write(person: User, number: int, turns: int = ACTS_A_WRITER) -> None:
    """Several transactions of one writer, on a connection of its own; every third is given up."""
    for turn in range(turns):
        with suppress(ChangeOfMindError), transaction.atomic():
            audit.record_all(actor=person, acts=[audit.Act(action="thing.changed", subject=person)] * (1 + number % 3))
            if (number + turn) % 3 == 0:
                raise ChangeOfMindError
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_at_once_make_one_chain(owner: User) -> None:
    threads = [threading.Thread(target=write, args=(owner, number)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sum(1 + number % 3 for number in range(WRITERS) for turn in range(ACTS_A_WRITER) if (number + turn) % 3 != 0)
    assert AuditEvent.objects.count() == kept
    assert list(AuditLink.objects.values_list("position", flat=True)) == list(range(1, kept + 1))
    assert set(AuditLink.objects.values_list("event_id", flat=True)) == set(
        AuditEvent.objects.values_list("pk", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_what_the_database_chains_can_be_proved_without_it(owner: User, patient: Patient) -> None:
    request_context.enter(request_context.RequestContext(address="2001:db8::7"))
    try:
        audit.record(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk, odd='ä"\n,:-\\ 𝄞')
    finally:
        request_context.enter(None)
    audit.record(actor=None, action="thing.swept", subject=patient, figure=0.1, many=10**20, none=None)
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'Asia/Kathmandu'; SET datestyle TO 'German'; SET extra_float_digits = 0")
    assert [link.position for link in verified_links()] == [1, 2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_writer_with_an_old_view_of_the_chain_fails_rather_than_fork_it(owner: User, level: str) -> None:
    with pytest.raises((IntegrityError, OperationalError)):
        write_after_another(owner, level)
    assert len(list(verified_links())) == 2


@transaction.atomic
def write_after_another(person: User, level: str) -> None:
    """Look at the chain, let another writer add to it, then write as if it were as before."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}; SELECT 1")
    other = threading.Thread(target=write, args=(person, 1), kwargs={"turns": 1})
    other.start()
    other.join()
    audit.record(actor=person, action="thing.changed", subject=person)
