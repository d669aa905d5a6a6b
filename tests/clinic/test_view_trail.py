"""The trail's pages: for auditors, with ids and nothing clinical, and on record themselves."""

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from clinic import request_context
from clinic.models import AuditEvent, Patient, User
from clinic.selectors import audit as selector
from clinic.services import audit
from diagnosis.models import Case
from tests.factories import UserFactory

PAGES = ["/trail/", "/trail/export.csv", "/trail/export.xlsx", "/trail/sign-ins/"]


@pytest.fixture
def auditing(web: Callable[[str], Client]) -> Client:
    """The auditor's browser."""
    return web("auditor")


@pytest.fixture
def looked(owner: User, colleague: User, patient: Patient) -> list[AuditEvent]:
    """Looks at a patient by two doctors from two addresses, and an act that is about no patient."""
    for person, address in ((owner, "192.0.2.1"), (colleague, "192.0.2.2")):
        request_context.enter(request_context.RequestContext(address=address))
        audit.record(actor=person, action="patient.viewed", subject=patient, patient_id=patient.pk)
        request_context.enter(None)
    audit.record(actor=owner, action="person.signed_in", subject=owner)
    return list(AuditEvent.objects.order_by("id"))


def rows(client: Client, query: str = "") -> list[AuditEvent]:
    """The rows that the page shows, without those about reading it."""
    response = client.get(f"/trail/{query}")
    assert response.status_code == 200
    return [event for event in response.context["page"].events if not event.action.startswith("trail.")]


@pytest.mark.parametrize("who", ["owner", "stranger", "administrator"])
@pytest.mark.parametrize("address", PAGES)
def test_it_is_closed_to_everybody_but_auditors(web: Callable[[str], Client], who: str, address: str) -> None:
    assert web(who).get(address).status_code == 403


@pytest.mark.parametrize("address", PAGES)
def test_reading_it_is_on_record(auditing: Client, auditor: User, patient: Patient, address: str) -> None:
    assert auditing.get(f"{address}?patient={patient.pk}").getvalue()
    event = AuditEvent.objects.get(actor=auditor)
    assert event.action == ("trail.exported" if "export" in address else "trail.viewed")
    assert event.purpose == ("export" if "export" in address else "audit")
    assert event.patient_id == (None if "sign-ins" in address else patient.pk)


def test_the_newest_row_stands_first(auditing: Client, looked: list[AuditEvent]) -> None:
    assert rows(auditing) == looked[::-1]


def test_it_shows_ids_and_nothing_that_identifies_a_patient(
    auditing: Client, looked: list[AuditEvent], patient: Patient
) -> None:
    for address in ("/trail/", f"/trail/?patient={patient.pk}"):
        page = auditing.get(address).content.decode()
        assert str(patient.pk) in page
        assert patient.family_name not in page
        assert patient.record_number not in page


def test_details_of_an_act_stay_with_the_care_team(auditing: Client, case: Case, owner: User) -> None:
    audit.record(actor=owner, action="case.read", subject=case, patient_id=case.patient_id, label="Malignant")
    for address in PAGES:
        assert b"Malignant" not in auditing.get(address).getvalue()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?person={owner}", [2, 0]),
        ("?action=patient.viewed", [1, 0]),
        ("?patient={patient}", [1, 0]),
        ("?address=192.0.2.2", [1]),
        ("?person={owner}&action=patient.viewed", [0]),
        ("?since={today}&until={today}", [2, 1, 0]),
        ("?until=2001-01-01", []),
        ("?since=2200-01-01", []),
        ("?person=&action=&patient=&since=&until=&address=", [2, 1, 0]),
    ],
)
def test_it_finds_by_person_action_patient_day_and_address(
    auditing: Client, looked: list[AuditEvent], owner: User, patient: Patient, query: str, expected: list[int]
) -> None:
    asked = query.format(owner=owner.pk, patient=patient.pk, today=timezone.localdate())
    assert rows(auditing, asked) == [looked[place] for place in expected]


@pytest.mark.parametrize(
    "query", ["?person=me", "?action=no.such", "?patient=4711", "?since=soon", "?address=here", "?older=x", "?older=-1"]
)
@pytest.mark.parametrize("address", ["/trail/", "/trail/export.csv"])
def test_a_filter_that_cannot_be_read_is_said_so(auditing: Client, address: str, query: str) -> None:
    assert auditing.get(address + query).status_code == 400


def test_pages_go_on_where_the_one_before_ended(auditing: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        audit.record(actor=owner, action="thing.changed", subject=owner, number=number)
    events = AuditEvent.objects.filter(action="thing.changed")
    ids = list(events.order_by("-id").values_list("pk", flat=True))
    first = selector.page_of_events(events, size=3)
    second = selector.page_of_events(events, older=first.events[-1].pk, size=3)
    third = selector.page_of_events(events, older=second.events[-1].pk, size=3)
    pages = [[event.pk for event in page.events] for page in (first, second, third)]
    assert pages == [ids[:3], ids[3:6], ids[6:]]
    assert [(page.has_newer, page.has_older) for page in (first, second, third)] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    back = selector.page_of_events(events, newer=third.events[0].pk, size=3)
    assert [event.pk for event in back.events] == ids[3:6]
    assert (back.has_newer, back.has_older) == (True, True)


def test_the_way_to_the_next_page_keeps_the_filters(auditing: Client, owner: User) -> None:
    audit.record_all(actor=owner, acts=[audit.Act(action="thing.changed", subject=owner)] * 60)
    response = auditing.get("/trail/?action=thing.changed")
    last = response.context["page"].events[-1].pk
    assert f"?action=thing.changed&amp;older={last}" in response.content.decode()
    assert len(rows(auditing, f"?action=thing.changed&older={last}")) == 10


@pytest.mark.parametrize(("address", "queries"), [("/trail/", 6), ("/trail/sign-ins/", 5)])
def test_it_takes_as_many_queries_for_one_row_as_for_many(
    auditing: Client, owner: User, django_assert_num_queries: Callable[[int], Any], address: str, queries: int
) -> None:
    """Session, person; people or accounts, known actions, the rows; the row about reading them."""
    audit.record(actor=owner, action="person.sign_in_failed", subject=owner)
    for _ in range(2):
        with django_assert_num_queries(queries):
            auditing.get(address)
        for action in ("thing.changed", "person.sign_in_failed"):
            for number in range(20):
                audit.record(actor=UserFactory.create(), action=action, subject=owner, number=number)


def test_all_that_fits_is_exported(auditing: Client, looked: list[AuditEvent], patient: Patient) -> None:
    content = auditing.get(f"/trail/export.csv?patient={patient.pk}").getvalue().decode()
    table = list(csv.DictReader(StringIO(content, newline="")))
    assert [int(row["Row"]) for row in table if row["Action"] == "patient.viewed"] == [looked[1].pk, looked[0].pk]
    assert table[-1]["Patient"] == str(patient.pk)
    assert (table[-1]["Name"], table[-1]["Address"]) == ("Olivia Owner", "192.0.2.1")


def test_a_name_that_is_a_formula_is_words_in_the_export(auditing: Client) -> None:
    person = UserFactory.create(full_name="=cmd|'/c calc'!A1")
    audit.record(actor=person, action="person.signed_in", subject=person)
    assert "'=cmd" in auditing.get("/trail/export.csv").getvalue().decode()


def test_failed_sign_ins_are_shown_with_those_put_off(auditing: Client, owner: User) -> None:
    request_context.enter(request_context.RequestContext(address="192.0.2.9"))
    audit.record(actor=None, action="person.sign_in_failed", subject=owner)
    audit.record(actor=None, action="person.sign_in_throttled", subject=User(pk=None))
    request_context.enter(None)
    page = auditing.get("/trail/sign-ins/").content.decode()
    assert "Olivia Owner" in page
    assert "No known account" in page
    assert "Put off: too many attempts" in page
    assert page.count(f'?address={quote("192.0.2.9")}"') == 2


def test_a_stored_script_is_words_on_every_page(auditing: Client) -> None:
    person = UserFactory.create(full_name="<script>alert(1)</script>")
    audit.record(actor=person, action="person.sign_in_failed", subject=person)
    for address in ("/trail/", "/trail/sign-ins/"):
        page = auditing.get(address).content.decode()
        assert "&lt;script&gt;alert" in page
        assert "<script>alert" not in page


@pytest.mark.parametrize("who", ["owner", "colleague"])
def test_the_care_team_reads_who_saw_the_patient(
    web: Callable[[str], Client], looked: list[AuditEvent], patient: Patient, who: str
) -> None:
    page = web(who).get(f"/patients/{patient.pk}/seen/").content.decode()
    for words in ("Olivia Owner", "Colin Colleague", "Patient viewed", "Care of the patient"):
        assert words in page
    assert "192.0.2.1" not in page
    assert AuditEvent.objects.get(action="patient.trail_viewed").patient_id == patient.pk


@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_nobody_else_does(web: Callable[[str], Client], patient: Patient, who: str) -> None:
    assert web(who).get(f"/patients/{patient.pk}/seen/").status_code == 404


def test_who_saw_the_patient_takes_as_many_queries_for_one_row_as_for_many(
    owner_client: Client, owner: User, patient: Patient, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(2):
        with django_assert_num_queries(8):  # session, person, patient, merged ids, rows, look; notices, emergency
            owner_client.get(f"/patients/{patient.pk}/seen/")
        for _ in range(20):
            audit.record(actor=UserFactory.create(), action="x.y", subject=patient, patient_id=patient.pk)


def test_the_patients_page_and_the_auditors_lead_there(
    web: Callable[[str], Client], auditing: Client, patient: Patient
) -> None:
    assert f'href="/patients/{patient.pk}/seen/"' in web("owner").get(f"/patients/{patient.pk}/").content.decode()
    assert 'href="/trail/"' in auditing.get("/").content.decode()
