"""Reports to a Sentry: that something failed and where, and nothing of anybody."""

import json
from collections.abc import Iterator

import pytest
import sentry_sdk
from django.conf import settings as configured
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from clinic import sentry, task_log
from clinic.models import Patient, User
from clinic.tasks import send_reset_link

MARKER = "ZZMARKER"


class Overheard(Transport):
    """Sends nothing, and keeps what it was to send, byte for byte."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize())


@pytest.fixture
def overheard() -> Iterator[Overheard]:
    """A site that reports its errors."""
    transport = Overheard()
    sentry.start(dsn="https://key@sentry.hospital.example/1", transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def report(overheard: Overheard) -> str:
    (sent,) = overheard.sent
    assert MARKER.lower() not in sent.decode().lower()
    return sent.decode()


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, owner_client: Client, patient: Patient) -> Client:
    """The owner's browser on a site whose search fails with what was searched for."""

    def fail(*, user: User, query: str) -> None:
        name = f"{query} {patient.family_name}"
        try:
            int(query)
        except ValueError as error:
            raise RuntimeError(f"no idea what {name} is, {user.email}") from error

    monkeypatch.setattr("clinic.views.patients.search_patients", fail)
    owner_client.raise_request_exception = False
    return owner_client


def test_it_is_off_unless_somebody_names_one() -> None:
    assert configured.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()


def test_of_a_request_that_fails_place_and_kind_are_told(
    overheard: Overheard, failing: Client, owner: User, patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(family_name=MARKER)
    patient.refresh_from_db()
    answer = failing.post(
        f"/patients/?from={MARKER}",
        {"query": MARKER},
        headers={"Referer": f"http://testserver/{MARKER}", "User-Agent": MARKER, "Cookie-Like": MARKER},
    )
    assert answer.status_code == 500
    told = report(overheard)
    assert "RuntimeError" in told
    assert "ValueError" in told
    assert "clinic.views.patients.patients" in told
    assert answer["X-Request-ID"] in told
    for private in (owner.email, owner.full_name, str(owner.pk), str(patient.pk), "/patients/", "127.0.0.1"):
        assert private not in told
    assert failing.cookies["sessionid"].value not in told


def test_of_a_task_that_fails_its_name_is_told(overheard: Overheard, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*, person_id: object) -> None:
        name = MARKER
        raise RuntimeError(f"{name} has no address")

    monkeypatch.setattr("clinic.services.reset_links.send_reset_link", fail)
    send_reset_link.apply(args=("6b0e6b39-64a4-4b4d-9cd1-34b3f5a2fd11",), kwargs={}, headers={"note": MARKER})
    told = report(overheard)
    assert "RuntimeError" in told
    assert "clinic.tasks.send_reset_link" in told
    assert "6b0e6b39" not in told
    task_log.leave()


def test_what_is_only_said_or_looked_up_is_not_reported(overheard: Overheard, owner_client: Client) -> None:
    sentry_sdk.add_breadcrumb(message=MARKER)
    sentry_sdk.capture_message(MARKER)
    owner_client.get(f"/{MARKER}/")
    assert overheard.sent == []


def test_a_report_holds_nothing_but_what_is_listed(overheard: Overheard, failing: Client) -> None:
    failing.post("/patients/", {"query": MARKER})
    body = json.loads(report(overheard).splitlines()[2])
    assert set(body) <= {*sentry.KEPT, "exception", "tags", "sdk"}
