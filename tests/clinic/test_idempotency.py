"""`Idempotency-Key`: what is sent again is not done again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import AuditEvent, CareTeamMembership, ErasureReason, KeptAnswer, Patient, Role, TokenScope, User
from clinic.services import kept_answers
from clinic.services.tokens import issue_token
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, SlideImage
from diagnosis.services.erasure import carry_out_erasure, request_erasure
from diagnosis.tasks import sweep_files
from tests.at_once import at_once
from tests.factories import AnalysisFactory, ImageFactory, add_to_care_team, upload

Api = Callable[[str], Any]
PATIENTS = "/api/v1/patients/"
BODY = {"record_number": "A-1", "family_name": "Quist"}
KEY = {"HTTP_IDEMPOTENCY_KEY": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def told(answer: Any) -> tuple[int, bytes, str | None]:
    return answer.status_code, answer.content, answer.headers.get("Location")


def register(client: Any, **changes: str) -> Any:
    return client.post(PATIENTS, BODY | changes, **KEY)


def test_the_same_again_is_answered_as_before_and_not_done_again(owner: User, api: Api) -> None:
    client = api("owner")
    first, second = register(client), register(client)
    assert first.status_code == 201
    assert told(second) == told(first)
    assert second["Idempotent-Replayed"] == "true"
    assert Patient.objects.count() == 1


def test_the_order_of_names_and_blanks_do_not_make_another_body(owner: User, api: Api) -> None:
    client = api("owner")
    first = register(client)
    text = '{ "family_name":  "Quist", "record_number": "A-1"}'
    again = client.generic("POST", PATIENTS, text, content_type="application/json", **KEY)
    assert told(again) == told(first)


def test_another_body_with_the_same_key_is_refused(owner: User, api: Api) -> None:
    client = api("owner")
    register(client)
    answer = register(client, family_name="Curie")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Patient.objects.count() == 1


def test_another_address_with_the_same_key_is_refused(case: Case, api: Api) -> None:
    client = api("owner")
    one, two = (ImageFactory.create(case=case) for _ in range(2))
    body = {"reason": "other"}
    assert client.post(f"/api/v1/images/{one.pk}/withdraw/", body, **KEY).status_code == 200
    assert client.post(f"/api/v1/images/{two.pk}/withdraw/", body, **KEY).status_code == 422


def test_keys_are_each_persons_own(owner: User, stranger: User, api: Api) -> None:
    assert register(api("owner")).json()["id"] != register(api("stranger")).json()["id"]


def test_a_renewed_token_of_the_same_person_goes_on_with_the_key(owner: User, api: Api) -> None:
    assert told(register(api("owner"))) == told(register(api("owner")))


def test_without_a_key_everything_is_done_as_often_as_it_is_asked_for(case: Case, api: Api) -> None:
    client = api("owner")
    body = {"patient": str(case.patient_id), "assay": "leukemia", "specimen_date": "2026-01-02"}
    assert {client.post("/api/v1/cases/", body).status_code for _ in range(2)} == {201}
    assert Case.objects.count() == 3
    assert not KeptAnswer.objects.exists()


def test_what_was_refused_may_be_corrected_with_the_same_key(owner: User, api: Api) -> None:
    client = api("owner")
    assert register(client, family_name="").status_code == 400
    assert register(client).status_code == 201


def test_a_conflict_is_not_kept_either_but_the_look_at_the_candidates_stays_on_record(
    patient: Patient, api: Api
) -> None:
    alike = {"record_number": patient.record_number, "family_name": patient.family_name}
    assert register(api("owner"), **alike).json()["code"] == "likely_duplicates"
    assert AuditEvent.objects.filter(action="patient.shown_as_duplicate").count() == 1
    known = {"not_duplicate_of": [str(patient.pk)], "record_number": "B-2"}
    assert api("owner").post(PATIENTS, BODY | alike | known, **KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ü", "a\tb", "a\x00b"])
def test_a_key_that_is_none_is_refused(owner: User, api: Api, key: str) -> None:
    answer = api("owner").post(PATIENTS, BODY, HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_idempotency_key"
    assert not Patient.objects.exists()


def test_a_search_is_answered_anew(owner: User, api: Api) -> None:
    client = api("owner")
    assert client.post(f"{PATIENTS}search/", {"search": "Quist"}, **KEY).json()["results"] == []
    register(client)
    assert client.post(f"{PATIENTS}search/", {"search": "Quist"}, **KEY).json()["results"]


def test_after_a_day_the_key_is_free_again(owner: User, api: Api, settings: Settings) -> None:
    client = api("owner")
    register(client)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert register(client, record_number="B-2", family_name="Curie").status_code == 201
    assert KeptAnswer.objects.count() == 1


def test_the_sweep_forgets_what_is_too_old_and_nothing_else(owner: User, stranger: User, api: Api) -> None:
    register(api("owner"))
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    register(api("stranger"))
    sweep_files()
    assert KeptAnswer.objects.get().person == stranger


def test_neither_the_key_nor_the_request_is_stored(owner: User, api: Api) -> None:
    register(api("owner"))
    stored = str(KeptAnswer.objects.values().get())
    assert KEY["HTTP_IDEMPOTENCY_KEY"] not in stored
    assert kept_answers.keyed_digest(b"x") != kept_answers.keyed_digest(b"y")


def test_a_repeated_answer_about_a_patient_is_on_record(owner: User, api: Api) -> None:
    client = api("owner")
    patient = register(client).json()["id"]
    register(client)
    event = AuditEvent.objects.get(action="answer.repeated")
    assert (event.actor, str(event.patient_id)) == (owner, patient)


def test_whoever_left_the_care_team_does_not_get_the_answer_again(owner: User, colleague: User, api: Api) -> None:
    client = api("owner")
    patient = Patient.objects.get(pk=register(client).json()["id"])
    add_to_care_team(patient, colleague)
    CareTeamMembership.objects.filter(user=owner, patient=patient).delete()
    answer = register(client)
    assert answer.status_code == 404
    assert answer.content == client.get("/api/v1/nothing/").content


def test_whose_role_changed_does_not_get_the_answer_again(owner: User, api: Api) -> None:
    client = api("owner")
    register(client)
    User.objects.filter(pk=owner.pk).update(role=Role.AUDITOR)
    assert register(client).status_code == 403


def test_a_token_that_may_only_read_does_not_get_the_answer_again(owner: User, api: Api) -> None:
    register(api("owner"))
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Token {issue_token(person=owner, scope=TokenScope.READ).text}")
    assert register(reader).status_code == 403


def test_a_token_for_fewer_assays_does_not_get_the_answer_again(owner: User) -> None:
    def asked(*assays: str) -> kept_answers.Asked:
        person = User.objects.get(pk=owner.pk)
        vars(person)["only_assays"] = frozenset(assays) if assays else None
        return kept_answers.Asked(person=person, key="k", request_digest="d")

    kept_answers.keep(asked("breast"), kept_answers.Answer(status=201, location="", body="{}"))
    assert kept_answers.answer_before(asked())
    assert kept_answers.answer_before(asked("breast", "leukemia"))
    with pytest.raises(kept_answers.NoLongerAllowed):
        kept_answers.answer_before(asked("leukemia"))


def test_a_file_that_is_sent_again_is_the_same_request_and_another_one_is_not(
    case: Case, model: ModelVersion, api: Api
) -> None:
    def send(seed: int) -> Any:
        files = {"files": [upload(seed=seed)]}
        return api("owner").post(f"/api/v1/cases/{case.pk}/images/", files, format="multipart", **KEY)

    first = send(1)
    assert first.json()["files"][0]["is_new"]
    assert told(send(1)) == told(first)
    assert send(2).status_code == 422
    assert SlideImage.objects.count() == Analysis.objects.count() == 1


def test_an_analysis_is_queued_again_once(case: Case, api: Api) -> None:
    analysis = AnalysisFactory.create(
        image__case=case, state=AnalysisState.FAILED, failure_code="x", failure_message="X.", finished_at=timezone.now()
    )
    address = f"/api/v1/analyses/{analysis.pk}/retry/"
    first = api("owner").post(address, **KEY)
    assert first.status_code == 202
    assert told(api("owner").post(address, **KEY)) == told(first)
    assert AuditEvent.objects.filter(action="analysis.retried").count() == 1


def test_an_answer_without_a_body_is_repeated_to_whom_it_put_out_of_sight(
    patient: Patient, colleague: User, api: Api
) -> None:
    address = f"/api/v1/patients/{patient.pk}/care-team/leave/"
    assert [api("owner").post(address, **KEY).status_code for _ in range(2)] == [204, 204]


def test_erasing_a_record_takes_the_answers_about_it_along(owner: User, administrator: User, api: Api) -> None:
    patient = Patient.objects.get(pk=register(api("owner")).json()["id"])
    erasure = request_erasure(patient=patient, reason=ErasureReason.BY_MISTAKE, requested_by=owner)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_answer_cannot_be_kept_nothing_was_done(
    owner: User, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the power went out between the two: they are one transaction."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(kept_answers, "keep", fail)
    client = api("owner")
    with pytest.raises(RuntimeError):
        register(client)
    assert not Patient.objects.exists()


def test_signing_in_gives_a_token_of_its_own_each_time(owner: User) -> None:
    """A token's text is told once and kept nowhere; who asks is not known before the password was checked."""
    body = {"email": owner.email, "password": "correct horse battery staple"}
    program: Any = APIClient()
    answers = [program.post("/api/v1/tokens/", body, **KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["token"] != answers[1].json()["token"]
    assert not KeptAnswer.objects.exists()


def test_a_wrong_password_counts_whatever_key_it_comes_with(owner: User) -> None:
    body = {"email": owner.email, "password": "wrong"}
    program: Any = APIClient()
    tries = [program.post("/api/v1/tokens/", body, **KEY).status_code for _ in range(6)]
    assert tries == [401] * 5 + [429]


def test_an_answer_that_tells_a_secret_is_not_kept(owner: User) -> None:
    asked = kept_answers.Asked(person=owner, key="k", request_digest="d")
    kept_answers.keep(asked, kept_answers.Answer(status=201, location="", body=None))
    with pytest.raises(kept_answers.ToldOnce):
        kept_answers.answer_before(asked)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_patient_and_get_the_same_answer_or_are_asked_to_wait(owner: User, api: Api) -> None:
    clients = [api("owner") for _ in range(20)]
    answers = at_once(*(lambda client=client: register(client) for client in clients))
    assert Patient.objects.count() == 1
    made = {told(answer) for answer in answers if answer.status_code == 201}
    waiting = [answer for answer in answers if answer.status_code != 201]
    assert len(made) == 1
    assert {(answer.status_code, answer.json()["code"], answer["Retry-After"]) for answer in waiting} <= {
        (409, "in_progress", "1")
    }
    assert told(register(clients[0])) in made


@pytest.mark.django_db(transaction=True)
def test_a_twin_of_what_is_being_worked_on_is_asked_to_come_back(owner: User, api: Api) -> None:
    asked = kept_answers.Asked(person=owner, key=KEY["HTTP_IDEMPOTENCY_KEY"], request_digest="")
    client = api("owner")
    with transaction.atomic():
        kept_answers.begin(asked)
        (answer,) = at_once(lambda: register(client))
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert register(client).status_code == 201


def test_a_refusal_keeps_what_was_written_about_it(owner: User, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As without a key: a count of wrong guesses, or a look, is not undone by the refusal that follows."""

    def refuse(*, registered_by: User, **_: object) -> None:
        AuditEvent.objects.create(actor=registered_by, action="patient.guessed", subject_type="x", subject_id="1")
        raise PermissionDenied

    monkeypatch.setattr("clinic.api.patients.register_patient", refuse)
    assert register(api("owner")).status_code == 403
    assert AuditEvent.objects.filter(action="patient.guessed").exists()
