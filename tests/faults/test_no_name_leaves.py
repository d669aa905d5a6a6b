"""Nothing that identifies a person leaves the database and the image store, whatever happens.

A patient and a doctor with words nobody else has go through everything on the real servers, errors and crashes
included; then the words are looked for in all that was written down, sent to the broker or put into an address.
"""

import json
from collections.abc import Iterator

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent, Patient, User
from diagnosis.models import Analysis, Case, Prediction, SlideImage
from diagnosis.models.analysis import PENDING
from tests.api_client import ApiClient
from tests.factories import PASSWORD, UserFactory, drawn_png
from tests.faults.listening import Visitor, broker_traffic, database_log
from tests.stack import Stack
from tests.waiting import wait_until

PATIENT, DOCTOR = "ZZMARKER", "zzdoctor"
WORDS = (PATIENT.lower(), DOCTOR.lower())
IDENTITY = {
    "record_number": f"{PATIENT}-17",
    "family_name": f"{PATIENT} Family",
    "given_name": f"{PATIENT} Given",
    "birth_date": "1950-02-03",
}


def said_in(text: str) -> list[str]:
    """The places in `text` that hold one of the words, with what stands around them."""
    low = text.lower()
    places = [(word, low.find(word)) for word in WORDS]
    return [text[max(0, place - 200) : place + 100] for _, place in places if place >= 0]


@pytest.fixture(autouse=True)
def _tell_of_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web server writes down all it can about each request."""
    everything = "%(r)s %(f)s %(a)s %(q)s %({referer}i)s %({cookie}i)s %({query_string}e)s %({location}o)s"
    monkeypatch.setenv("GUNICORN_CMD_ARGS", f"--access-logfile - --access-logformat '{everything}'")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")


@pytest.fixture
def doctor(db: None) -> User:
    return UserFactory.create(email=f"{DOCTOR}@clinic.example", full_name=f"Dr. {DOCTOR}")


@pytest.fixture
def visitor(stack: Stack, doctor: User) -> Visitor:
    client = Client()
    client.force_login(doctor)
    visitor = Visitor(stack.address)
    visitor.session.cookies.set(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
    return visitor


@pytest.fixture
def faulty(transactional_db: None) -> Iterator[None]:
    """A database that refuses some new rows, and quotes them when it does, as it does for its own constraints."""
    quotes = {
        "clinic_patient": "NEW.record_number LIKE '%-broken'",
        "diagnosis_prediction": "(SELECT uploaded_name FROM diagnosis_slideimage JOIN diagnosis_analysis "
        "ON image_id = diagnosis_slideimage.id WHERE diagnosis_analysis.id = NEW.analysis_id) LIKE '%broken%'",
    }
    with connection.cursor() as cursor:
        for table, condition in quotes.items():
            cursor.execute(
                f"CREATE FUNCTION faulty_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION 'refused' USING DETAIL = 'Failing row contains {PATIENT} {DOCTOR}'; END IF; "
                f"RETURN NEW; END $$; CREATE TRIGGER faulty BEFORE INSERT ON {table} FOR EACH ROW "
                f"EXECUTE FUNCTION faulty_{table}()"
            )
    yield
    with connection.cursor() as cursor:
        for table in quotes:
            cursor.execute(f"DROP TRIGGER faulty ON {table}; DROP FUNCTION faulty_{table}()")


def settled() -> bool:
    return not Analysis.objects.filter(state__in=PENDING).exists()


def upload_everything(visitor: Visitor, case: Case, program: ApiClient) -> None:
    address = reverse("diagnosis:case_images", args=[case.pk])
    good, cut = drawn_png(seed=1), drawn_png(seed=2)[:-4_000]
    first = [
        (f"{PATIENT}-good.png", good),
        (f"{PATIENT}-cut.png", cut),
        (f"{PATIENT}-letter.png", b"Dear " + PATIENT.encode()),
        (f"{PATIENT}-empty.png", b""),
        (f"<b>{PATIENT}</b>.png", drawn_png(seed=3)),
    ]
    for files in (first, [(f"{PATIENT}-again.png", good)]):
        answer = visitor.post(address, {}, [("images", one) for one in files])
        assert answer.status_code in {200, 202}, answer.text
    sent = program.upload(case.pk, [(f"{PATIENT}-api.png", drawn_png(seed=4)), (f"{PATIENT}-bad.png", b"no image")])
    assert sent.status_code == 202


def look_around(visitor: Visitor, program: ApiClient) -> list[str]:
    """Every page and every resource that can be reached, and both searches."""
    texts = visitor.wander("/")
    for query in (PATIENT, f"{PATIENT} nobody"):
        texts.append(visitor.post("/patients/", {"query": query}).text)
    by_program = Visitor(visitor.site)
    by_program.session.headers["Authorization"] = f"Token {program.token}"
    for start in ("patients", "cases", "images", "analyses", "predictions"):
        texts += by_program.wander(f"/api/v1/{start}/")
    found = by_program.session.post(f"{visitor.site}/api/v1/patients/search/", json={"search": PATIENT}, timeout=60)
    assert found.status_code == 200
    visitor.addresses += by_program.addresses
    visitor.headers += by_program.headers
    return [*texts, found.text]


def try_what_is_wrong(visitor: Visitor, doctor: User, case: Case, program: ApiClient) -> None:
    """Wrong passwords, made-up addresses, forged forms, garbled bodies, and a view that fails."""
    sign_in = f"{visitor.site}{reverse(settings.LOGIN_URL)}"
    for password in ("wrong", PASSWORD):
        fields = {"username": doctor.email, "login": doctor.email, "password": password}
        with requests.Session() as stranger:
            stranger.get(sign_in, timeout=60)
            token = {"csrfmiddlewaretoken": stranger.cookies.get(settings.CSRF_COOKIE_NAME, "")}
            stranger.post(sign_in, data=fields | token, timeout=60)
            stranger.post(sign_in, data=fields, timeout=60)  # forged
        requests.post(f"{visitor.site}/api/v1/tokens/", json={**fields, "email": doctor.email}, timeout=60)
    for made_up in (
        f"/patients/{PATIENT}/",
        f"/patients/?query={PATIENT}",
        f"/{PATIENT}",
        f"/images/{case.pk}/{PATIENT}",
    ):
        visitor.session.get(visitor.site + made_up, headers={"Referer": f"{visitor.site}/{PATIENT}"}, timeout=60)
    headers = {"Authorization": f"Token {program.token}"}
    for address in (f"patients/?search={PATIENT}", f"images/{case.pk}/files/{PATIENT}/", f"{PATIENT}/"):
        requests.get(f"{visitor.site}/api/v1/{address}", headers=headers, timeout=60)
    requests.post(f"{visitor.site}/api/v1/patients/", headers=headers, json={"name": PATIENT}, timeout=60)
    requests.post(f"{visitor.site}/api/v1/patients/", headers=headers, data=f'{{"{PATIENT}', timeout=60)
    requests.get(visitor.site, headers={"Host": f"{PATIENT}.example"}, timeout=60)
    broken = {**IDENTITY, "record_number": f"{PATIENT}-broken", "family_name": "Unlike", "given_name": "Them"}
    assert visitor.post("/patients/new/", broken).status_code == 500
    answer = requests.post(f"{visitor.site}/api/v1/patients/", headers=headers, json=broken, timeout=60)
    assert answer.status_code == 500
    assert not said_in(answer.text)


def crash_a_worker(stack: Stack, case: Case, program: ApiClient) -> None:
    """An image that kills the process that opens it, and a result that cannot be stored."""
    worker = stack.start_worker(poisonable=True)
    program.upload(
        case.pk, [(f"{PATIENT}-poison.png", drawn_png() + b"POISON"), (f"{PATIENT}-broken.png", drawn_png(seed=9))]
    )
    wait_until(
        lambda: Analysis.objects.filter(state="quarantined").count() == 2,
        what="both images to be set aside",
        seconds=180,
    )
    worker.kill()


@pytest.mark.usefixtures("faulty")
def test_no_name_leaves_the_database_and_the_image_store(stack: Stack, visitor: Visitor, doctor: User) -> None:
    others = database_log().stat().st_size  # what earlier tests made the server say
    with broker_traffic(stack.broker.server.url) as messages:
        worker = stack.start_worker()
        registered = visitor.post("/patients/new/", IDENTITY)
        patient = Patient.objects.get(record_number=IDENTITY["record_number"])
        assert registered.url.endswith(f"/patients/{patient.pk}/")
        opened = {"assay": "leukemia", "specimen_date": "2026-01-02", "note": f"note about {PATIENT}"}
        visitor.post(f"/patients/{patient.pk}/cases/new/", opened)
        case = Case.objects.get(patient=patient)
        program = ApiClient.of(doctor, stack.address)
        upload_everything(visitor, case, program)
        wait_until(settled, what="all results", seconds=180)
        visitor.post("/patients/new/", IDENTITY)  # a likely duplicate
        seen = look_around(visitor, program)
        for failed in Analysis.objects.filter(state="failed"):
            visitor.post(f"/analyses/{failed.pk}/retry/", {"back": "case"})
        try_what_is_wrong(visitor, doctor, case, program)
        wait_until(settled, what="the images that were tried again", seconds=180)
        worker.stop()
        crash_a_worker(stack, case, program)
        visitor.wander(f"/cases/{case.pk}/")
    stack.stop()

    # The story was told to those who may know it, in every part.
    assert sum(bool(said_in(text)) for text in seen) > 10
    assert SlideImage.objects.filter(case=case).count() == 6
    assert Prediction.objects.filter(analysis__image__case=case).count() == 3
    logs = {path.name: path.read_text(errors="replace") for path in stack.folder.glob("*.log")}
    assert {"web.log", "worker.log", "scheduler.log", "broker.log"} <= set(logs)
    assert "POST clinic:patient_new" in logs["web.log"]
    assert "SQLSTATE" in logs["web.log"]
    assert "SQLSTATE" in logs["worker.log"]
    assert any("analyse_queued" in message for message in messages)

    # The worker's lines about an analysis name the request that brought its image.
    lines = [json.loads(line) for line in logs["worker.log"].splitlines() if line.startswith("{")]
    told = {line["analysis"]: line["request_id"] for line in lines if line["message"] == "analysis succeeded"}
    assert told == {str(one.pk): str(one.request_id) for one in Analysis.objects.filter(state="succeeded")}
    assert all(f'"request_id": "{request_id}"' in logs["web.log"] for request_id in told.values())

    # And to nobody else.
    for name, text in logs.items():
        assert said_in(text) == [], name
    assert said_in(database_log().read_bytes()[others:].decode(errors="replace")) == []
    assert said_in("\n".join(messages)) == []
    assert said_in("\n".join(visitor.addresses)) == []
    assert said_in("\n".join(visitor.headers)) == []
    trail = "\n".join(str(row) for row in AuditEvent.objects.values())
    assert said_in(trail) == []
