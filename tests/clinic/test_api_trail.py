"""The audit trail, for auditors' programs; who saw a patient, for the care team."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Patient, User
from clinic.services import audit

Api = Callable[[str], APIClient]
TRAIL = "/api/v1/trail/"


@pytest.fixture
def events(owner: User, patient: Patient) -> list[AuditEvent]:
    for action in ("patient.viewed", "case.viewed", "patient.viewed"):
        audit.record(actor=owner, action=action, subject=patient, patient_id=patient.pk)
    audit.record(actor=None, action="person.sign_in_failed", subject=owner, way="page")
    return list(AuditEvent.objects.order_by("-id"))


def test_the_trail_is_told_page_by_page_newest_first(api: Api, auditor: User, events: list[AuditEvent]) -> None:
    client = api("auditor")
    events = list(AuditEvent.objects.order_by("-occurred_at", "-id"))
    first = client.get(f"{TRAIL}?page_size=3").json()
    rest = client.get(first["next"]).json()
    told = [one["id"] for one in first["results"] + rest["results"]]
    read = AuditEvent.objects.filter(action="trail.viewed")  # the first page, in the second one
    assert [pk for pk in told if not read.filter(pk=pk).exists()] == [event.pk for event in events]


def test_it_is_filtered_as_on_the_page(
    api: Api, auditor: User, owner: User, patient: Patient, events: list[AuditEvent]
) -> None:
    client = api("auditor")
    filters = {"person": owner.pk, "action": "patient.viewed", "patient": patient.pk, "since": "2020-01-01"}
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    listed = client.get(f"{TRAIL}?{query}").json()["results"]
    assert [one["id"] for one in listed] == [events[1].pk, events[3].pk]
    assert (listed[0]["person"], listed[0]["person_name"]) == (str(owner.pk), "Olivia Owner")
    assert client.get(f"{TRAIL}?until=2020-01-01").json()["results"] == []
    assert client.get(f"{TRAIL}?person={uuid4()}").json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        *("person=x", "patient=1", "since=yesterday", "until=2026-13-01", "address=here", "actor=1", "action="),
        *("cursor=x", "page_size=1000", "ordering=action", "action=" + "x" * 61, "action=a%00b"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(api: Api, auditor: User, query: str) -> None:
    answer = api("auditor").get(f"{TRAIL}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_reading_the_trail_is_on_record(api: Api, auditor: User, patient: Patient, events: list[AuditEvent]) -> None:
    client = api("auditor")
    client.get(f"{TRAIL}?patient={patient.pk}&address=127.0.0.1")
    client.get(f"{TRAIL}{events[0].pk}/")
    client.get(f"{TRAIL}failed-sign-ins/")
    noted = AuditEvent.objects.filter(action="trail.viewed", actor=auditor).order_by("id")
    assert [one.patient_id for one in noted] == [patient.pk, None, None]
    assert noted[0].detail["filters"] == {"patient": str(patient.pk)}
    assert noted[1].subject_id == str(events[0].pk)
    assert noted[2].detail["only"] == "sign_ins"


def test_one_event_is_told_with_all_that_it_holds(api: Api, auditor: User, events: list[AuditEvent]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the chain's links are written at commit
    told = api("auditor").get(f"{TRAIL}{events[0].pk}/").json()
    assert (told["action"], told["detail"]) == ("person.sign_in_failed", {"way": "page"})
    assert told["person"] is None
    assert told["position"] > 0
    assert len(told["hash"]) == 64
    assert api("auditor").get(f"{TRAIL}999999999/").status_code == 404
    assert api("auditor").get(f"{TRAIL}{10**30}/").status_code == 404


def test_failed_sign_ins_alone(api: Api, auditor: User, events: list[AuditEvent]) -> None:
    listed = api("auditor").get(f"{TRAIL}failed-sign-ins/").json()["results"]
    assert [one["id"] for one in listed] == [events[0].pk]
    assert api("auditor").get(f"{TRAIL}failed-sign-ins/?action=x").status_code == 400


def test_a_page_takes_as_many_queries_for_many_as_for_one(
    api: Api, auditor: User, events: list[AuditEvent], django_assert_num_queries: Any
) -> None:
    client = api("auditor")
    with django_assert_num_queries(6):  # token, tokens, its use, the count of requests, the page, the note
        client.get(TRAIL)


def test_nothing_changes_the_trail(api: Api, auditor: User, events: list[AuditEvent]) -> None:
    client = api("auditor")
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(f"{TRAIL}{events[0].pk}/").status_code == 405
