"""A record's life for programs: holds, mergings, erasures, requests of readers, trail, worklist and agreement."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from clinic.models import AuditEvent, Erasure, ErasureReason, Merging, Patient, RecordHold, User
from diagnosis.models import Case, ModelVersion, ReadingRequest, RequestKind, SlideImage, Urgency
from diagnosis.services.assay_policies import set_blinded_first_read
from diagnosis.services.reading_requests import decline_request
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    ReadingFactory,
    UserFactory,
    add_to_care_team,
)

API = "/api/v1"
LETTER = "Asked by letter of 3 May."
FAILED = {"failure_code": "truncated", "failure_message": "Cut off.", "finished_at": Now()}


@pytest.fixture
def program(api: Callable[[str], APIClient]) -> APIClient:
    """The owner's."""
    return api("owner")


@pytest.fixture
def twin(owner: User) -> Patient:
    """A second record of the owner's patient."""
    twin = PatientFactory.create(created_by=owner)
    add_to_care_team(twin, owner)
    return twin


@pytest.fixture
def image(case: Case, owner: User) -> SlideImage:
    """An image that the owner has read."""
    image = ImageFactory.create(case=case)
    ReadingFactory.create(image=image, reader=owner)
    return image


def post(program: APIClient, address: str, **entries: Any) -> Any:
    path = address if address.startswith("http") else f"{API}/{address}"
    return program.post(path, {name: str(value) for name, value in entries.items()}, format="json")


def test_a_record_is_restricted_and_the_restriction_lifted(program: APIClient, patient: Patient, case: Case) -> None:
    placed = post(program, "holds/", patient=patient.pk, kind="restriction", reason=LETTER)
    assert (placed.status_code, placed.json()["placed_by"]["full_name"]) == (201, "Olivia Owner")
    frozen = post(program, "cases/", patient=patient.pk, assay="breast", specimen_date="2026-01-02")
    assert (frozen.status_code, frozen.json()["code"]) == (409, "restricted")
    again = post(program, "holds/", patient=patient.pk, kind="restriction", reason=LETTER)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    lifted = post(program, f"{placed['Location']}lift/", reason="Settled.")
    assert (lifted.status_code, lifted.json()["lift_reason"]) == (200, "Settled.")
    assert post(program, f"{placed['Location']}lift/", reason="Settled.").status_code == 409
    assert RecordHold.objects.count() == 1


def test_a_hold_without_its_reason_is_told_where(program: APIClient, patient: Patient) -> None:
    answer = post(program, "holds/", patient=patient.pk, kind="legal_hold", reason=" ")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/reason")


def test_two_records_are_made_one_and_two_again(program: APIClient, patient: Patient, twin: Patient) -> None:
    moved = CaseFactory.create(patient=twin)
    merged = post(program, "mergings/", kept=patient.pk, merged=twin.pk)
    assert merged.status_code == 201
    assert program.get(f"{API}/cases/{moved.pk}/").json()["patient"] == str(patient.pk)
    assert program.get(f"{API}/patients/{twin.pk}/").status_code == 301
    undone = post(program, f"{merged['Location']}undo/")
    assert (undone.status_code, undone.json()["undone_by"]["full_name"]) == (200, "Olivia Owner")
    assert program.get(f"{API}/cases/{moved.pk}/").json()["patient"] == str(twin.pk)
    assert post(program, f"{merged['Location']}undo/").status_code == 409


def test_nobody_merges_with_a_strangers_record_or_with_itself(program: APIClient, patient: Patient) -> None:
    foreign = PatientFactory.create()
    answer = post(program, "mergings/", kept=patient.pk, merged=foreign.pk)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/merged")
    assert post(program, "mergings/", kept=patient.pk, merged=patient.pk).status_code == 409
    assert not Merging.objects.exists()


def test_an_erasure_is_asked_for_by_one_and_carried_out_by_another(
    program: APIClient, api: Callable[[str], APIClient], administrator: User, patient: Patient
) -> None:
    asked = post(program, "erasures/", patient=patient.pk, reason="by_mistake")
    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    office = api("administrator")
    slip = post(office, f"{asked['Location']}carry-out/", patient=administrator.pk)
    assert (slip.status_code, slip.json()["errors"][0]["pointer"]) == (400, "#/patient")
    done = post(office, f"{asked['Location']}carry-out/", patient=patient.pk)
    assert (done.status_code, done.json()["state"]) == (200, "carried_out")
    assert not Patient.objects.filter(pk=patient.pk).exists()
    assert program.get(asked["Location"]).status_code == 404
    assert office.get(f"{API}/erasures/?state=carried_out").json()["results"] == [done.json()]


def test_an_erasure_is_withdrawn_by_the_team_or_refused(
    program: APIClient, api: Callable[[str], APIClient], administrator: User, patient: Patient
) -> None:
    first = post(program, "erasures/", patient=patient.pk, reason="by_mistake")
    assert post(program, f"{first['Location']}withdraw/").json()["state"] == "withdrawn"
    second = post(program, "erasures/", patient=patient.pk, reason="by_mistake")
    assert post(api("administrator"), f"{second['Location']}refuse/").json()["state"] == "refused"
    assert post(program, f"{second['Location']}withdraw/").status_code == 409


def test_a_record_that_must_be_kept_is_not_erased(program: APIClient, patient: Patient, case: Case) -> None:
    answer = post(program, "erasures/", patient=patient.pk, reason="patient_asked")
    assert (answer.status_code, "kept" in answer.json()["detail"]) == (409, True)
    assert not Erasure.objects.exists()


def test_a_colleague_is_asked_for_a_second_reading_and_declines(
    program: APIClient, api: Callable[[str], APIClient], image: SlideImage, colleague: User
) -> None:
    third = UserFactory.create()
    add_to_care_team(image.case.patient, third)
    asked = post(program, "reading-requests/", image=image.pk, doctor=colleague.pk)
    assert (asked.status_code, asked.json()["kind"], asked.json()["state"]) == (201, "second", "open")
    again = post(program, "reading-requests/", image=image.pk, doctor=colleague.pk)
    assert again["Location"] == asked["Location"]
    assert post(program, "reading-requests/", image=image.pk, doctor=third.pk).status_code == 409
    assert post(program, f"{asked['Location']}decline/", reason="away").status_code == 403
    declined = post(api("colleague"), f"{asked['Location']}decline/", reason="I am away.")
    assert (declined.json()["state"], declined.json()["decline_reason"]) == ("declined", "I am away.")
    assert post(program, f"{asked['Location']}withdraw/").status_code == 409


def test_only_whoever_asked_and_was_asked_read_why_it_was_declined(
    api: Callable[[str], APIClient], image: SlideImage, owner: User, colleague: User, stranger: User
) -> None:
    """A colleague's words may tell of the image, which a third doctor may have to read blinded."""
    add_to_care_team(image.case.patient, stranger)
    request = ReadingRequest.objects.create(image=image, kind=RequestKind.SECOND, asked_of=colleague, asked_by=owner)
    decline_request(request=request, declined_by=colleague, reason="Clearly Pro.")
    told = {who: api(who).get(f"{API}/reading-requests/{request.pk}/").json() for who in ("owner", "stranger")}
    assert {who: one["decline_reason"] for who, one in told.items()} == {"owner": "Clearly Pro.", "stranger": ""}


def test_an_adjudication_is_taken_handed_back_and_given_by_name(
    program: APIClient, api: Callable[[str], APIClient], image: SlideImage, colleague: User, stranger: User
) -> None:
    add_to_care_team(image.case.patient, stranger)
    ReadingFactory.create(image=image, reader=stranger, label="Benign")
    adjudication = ReadingRequest.objects.create(image=image, kind=RequestKind.ADJUDICATION)
    at = f"reading-requests/{adjudication.pk}"
    assert post(program, f"{at}/take/").status_code == 409
    assert post(api("colleague"), f"{at}/take/").json()["asked_of"]["full_name"] == "Colin Colleague"
    assert post(api("colleague"), f"{at}/hand-back/").json()["asked_of"] is None
    named = post(program, f"{at}/name/", doctor=colleague.pk).json()
    assert (named["asked_of"]["id"], named["asked_by"]["full_name"]) == (str(colleague.pk), "Olivia Owner")


def test_who_saw_a_patient_is_told_to_the_team(program: APIClient, patient: Patient, owner: User) -> None:
    program.get(f"{API}/patients/{patient.pk}/")
    (newest,) = program.get(f"{API}/patients/{patient.pk}/trail/").json()["results"]
    assert (newest["action"], newest["actor"]) == (
        "patient.viewed",
        {"id": str(owner.pk), "full_name": "Olivia Owner"},
    )
    assert AuditEvent.objects.filter(action="patient.trail_viewed", patient_id=patient.pk).exists()


def worklist(program: APIClient, query: str = "") -> Any:
    return program.get(f"{API}/worklist/{query}")


def test_the_worklist_has_the_pages_tabs_counts_and_order(
    program: APIClient, patient: Patient, owner: User, model: ModelVersion
) -> None:
    routine, urgent = (
        CaseFactory.create(patient=patient, urgency=urgency) for urgency in (Urgency.ROUTINE, Urgency.URGENT)
    )
    for case in (routine, urgent):
        AnalysisFactory.create(image__case=case, model_version=model, state="failed", **FAILED)
    told = worklist(program).json()
    assert [one["case"] for one in told["results"]] == [str(urgent.pk), str(routine.pk)]
    assert (told["tab"], told["counts"]["to-read"], told["next"]) == ("to-read", 2, None)
    assert (told["results"][0]["urgency"], told["results"][0]["unread"]) == ("urgent", 1)
    assert [one["case"] for one in worklist(program, "?urgency=routine").json()["results"]] == [str(routine.pk)]
    assert AuditEvent.objects.filter(action="patient.listed", patient_id=patient.pk, actor=owner).exists()


def test_the_worklist_is_read_page_by_page(
    program: APIClient, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diagnosis.selectors.worklist.PAGE_SIZE", 1)
    for _ in range(2):
        ImageFactory.create(case=CaseFactory.create(patient=patient))
    first = worklist(program, "?tab=mine").json()
    second = program.get(first["next"]).json()
    assert second["results"][0]["case"] != first["results"][0]["case"]
    assert (second["next"], program.get(second["previous"]).json()["results"]) == (None, first["results"])
    found = post(program, "worklist/search/?tab=mine", search=patient.family_name).json()
    assert (found["results"], "/worklist/search/?tab=mine" in found["next"]) == (first["results"], True)
    assert post(program, "worklist/search/?tab=mine", search="Nobody at all").json()["results"] == []


@pytest.mark.parametrize(
    "query", ["?tab=all", "?assay=hair", "?colour=red", "?urgency=", "?since=later", "?tab=mine&tab=done"]
)
def test_a_filter_of_the_worklist_that_is_wrong_shows_nothing(program: APIClient, query: str) -> None:
    answer = worklist(program, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query[1:].split("=", maxsplit=1)[0]


@pytest.mark.parametrize("name", ["holds", "mergings", "erasures", "reading-requests", "worklist"])
def test_lists_cost_the_same_however_long_they_are(
    program: APIClient, patient: Patient, owner: User, colleague: User, name: str
) -> None:
    def add() -> None:
        record, other = (PatientFactory.create(created_by=owner) for _ in range(2))
        for one in (record, other):
            add_to_care_team(one, owner)
        RecordHold.objects.create(patient=record, kind="legal_hold", reason="court", placed_by=owner)
        Merging.objects.create(kept=record, merged=other, merged_by=owner)
        Erasure.objects.create(patient_id=record.pk, reason=ErasureReason.BY_MISTAKE, requested_by=owner)
        image = ImageFactory.create(case=CaseFactory.create(patient=record))
        ReadingRequest.objects.create(image=image, kind=RequestKind.SECOND, asked_of=owner, asked_by=colleague)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(f"{API}/{name}/").json()["results"]
        return len(asked)

    add()
    cost()  # the token's last use is written once a minute
    add()
    few = cost()
    for _ in range(3):
        add()
    assert cost() == few


def test_a_doctor_has_their_own_figures_of_agreement(program: APIClient, image: SlideImage, owner: User) -> None:
    told = program.get(f"{API}/agreement/mine/?assay=leukemia").json()
    assert (told["assay"], told["sight"]) == ("leukemia", "before")
    assert AuditEvent.objects.get(action="agreement.viewed").actor == owner


def test_administrators_have_the_figures_of_all(api: Callable[[str], APIClient]) -> None:
    told = api("administrator").get(f"{API}/agreement/")
    assert (told.status_code, told.json()["by_model"]) == (200, [])
    wrong = api("administrator").get(f"{API}/agreement/?since=yesterday")
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (400, "since")


def test_a_blinded_doctors_worklist_is_not_narrowed_by_what_is_withheld(
    program: APIClient, case: Case, administrator: User
) -> None:
    set_blinded_first_read(assay="leukemia", is_blinded=True, changed_by=administrator)
    PredictionFactory.create(analysis__image=ImageFactory.create(case=case, created_by=administrator))
    assert worklist(program, "?verdict=confident").json()["results"] == []
    assert len(worklist(program).json()["results"]) == 1
