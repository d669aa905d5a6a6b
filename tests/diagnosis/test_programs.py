"""Programs with accounts of their own: what they may do to patients, and what is left to people."""

from datetime import timedelta

import pytest
from django.db import InternalError, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from clinic.models import ApiToken, AuditEvent, CareTeamMembership, Patient, TokenScope, User
from clinic.selectors.care_teams import active_doctors, find_doctors
from clinic.services import people
from clinic.services.care_teams import add_to_care_team, hand_over, leave_care_team
from clinic.services.programs import create_program
from clinic.services.tokens import issue_program_token
from diagnosis.models import Case, ModelVersion, Reading
from tests.factories import ImageFactory, ReadingFactory, upload
from tests.factories import add_to_care_team as put_on_team


@pytest.fixture
def program(owner: User, administrator: User) -> User:
    """The laboratory's system; the owner answers for it."""
    return create_program(name="Laboratory", answered_for_by=owner, created_by=administrator)


@pytest.fixture
def caller(program: User, administrator: User) -> APIClient:
    """The program, with a token."""
    issued = issue_program_token(
        program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1), scope=TokenScope.WRITE
    )
    return APIClient(headers={"Authorization": f"Token {issued.text}"})


def test_it_registers_a_patient_opens_a_case_and_sends_images(
    caller: APIClient, program: User, owner: User, model: ModelVersion
) -> None:
    patient = caller.post("/api/v1/patients/", {"record_number": "7", "family_name": "Quist"}).json()["id"]
    body = {"patient": patient, "assay": "leukemia", "specimen_date": "2026-01-02"}
    case = caller.post("/api/v1/cases/", body).json()["id"]
    answer = caller.post(f"/api/v1/cases/{case}/images/", {"files": upload()}, format="multipart")
    assert answer.status_code == 202
    assert caller.get(answer["Location"]).json()["state"] == "queued"
    team = CareTeamMembership.objects.filter(patient=patient).values_list("user", flat=True)
    assert set(team) == {program.pk, owner.pk}  # a person sees every patient that it registers


def test_it_sees_the_patients_of_teams_that_it_was_put_on_alone(
    caller: APIClient, patient: Patient, program: User, owner: User
) -> None:
    address = f"/api/v1/patients/{patient.pk}/"
    assert caller.get(address).status_code == 404
    add_to_care_team(patient=patient, doctor=program, added_by=owner)
    assert caller.get(address).status_code == 200


def test_the_trail_shows_that_it_is_a_program(caller: APIClient, patient: Patient, program: User) -> None:
    put_on_team(patient, program)
    caller.get(f"/api/v1/patients/{patient.pk}/")
    event = AuditEvent.objects.get(action="patient.viewed")
    assert (event.actor, event.role, event.purpose) == (program, "program", "care")


def test_it_records_no_reading(caller: APIClient, case: Case, program: User) -> None:
    put_on_team(case.patient, program)
    image = ImageFactory.create(case=case)
    answer = caller.post("/api/v1/readings/", {"image": image.pk, "answer": "own_class", "label": "Pre"})
    assert answer.status_code == 403
    assert not Reading.objects.exists()


def test_the_database_holds_no_reading_of_a_program(case: Case, program: User) -> None:
    with pytest.raises(InternalError, match="Only people"), transaction.atomic():
        ReadingFactory.create(image=ImageFactory.create(case=case), reader=program)


@pytest.mark.parametrize("what", ["care-team/", "care-team/leave/", "care-team/hand-over/"])
def test_whose_care_it_is_is_left_to_people(
    caller: APIClient, patient: Patient, program: User, stranger: User, what: str
) -> None:
    put_on_team(patient, program)
    entries = {} if "leave" in what else {"doctor": stranger.pk}
    answer = caller.post(f"/api/v1/patients/{patient.pk}/{what}", entries)
    assert answer.status_code == 403


def test_it_exports_no_record(caller: APIClient, patient: Patient, program: User) -> None:
    put_on_team(patient, program)
    assert caller.get(f"/api/v1/patients/{patient.pk}/export/").status_code == 403


def test_no_patient_is_left_to_a_program(patient: Patient, program: User, owner: User) -> None:
    put_on_team(patient, program)
    assert program not in active_doctors()
    with pytest.raises(Exception, match="last doctor"):
        leave_care_team(patient=patient, doctor=owner)
    with pytest.raises(Exception, match="colleague"):
        hand_over(patient=patient, to=program, handed_over_by=owner)


def test_a_doctor_finds_it_by_name_and_shares_with_it(owner_client: Client, patient: Patient, program: User) -> None:
    assert list(find_doctors(query="labora")) == [program]
    assert not find_doctors(query="programs.invalid")
    page = owner_client.post(f"/patients/{patient.pk}/care-team/", {"query": "labora"}).content.decode()
    assert "answered for by" in page
    assert "Hand over to" not in page
    owner_client.post(f"/patients/{patient.pk}/care-team/share/", {"doctor": program.pk})
    page = owner_client.get(f"/patients/{patient.pk}/care-team/").content.decode()
    assert "Laboratory" in page
    assert "programs.invalid" not in page


def test_a_doctor_takes_it_off_again(
    owner_client: Client, caller: APIClient, patient: Patient, program: User, colleague: User
) -> None:
    put_on_team(patient, program)
    address = f"/patients/{patient.pk}/care-team/take-off/"
    for wrong in ("", "x", str(colleague.pk)):
        owner_client.post(address, {"program": wrong})
    assert patient.care_team_memberships.count() == 3
    owner_client.post(address, {"program": program.pk})
    assert caller.get(f"/api/v1/patients/{patient.pk}/").status_code == 404
    event = AuditEvent.objects.get(action="care_team.program_taken_off")
    assert (event.patient_id, event.detail) == (patient.pk, {"program": str(program.pk)})


def test_by_the_api_too_but_never_a_person(
    owner: User, patient: Patient, program: User, colleague: User, administrator: User
) -> None:
    client = APIClient()
    client.force_authenticate(owner)
    put_on_team(patient, program)
    address = f"/api/v1/patients/{patient.pk}/care-team/"
    assert client.delete(f"{address}{colleague.pk}/").status_code == 403
    assert client.delete(f"{address}{administrator.pk}/").status_code == 404
    assert client.delete(f"{address}{program.pk}/").status_code == 204


def test_deactivating_it_ends_its_tokens_at_once(caller: APIClient, program: User, administrator: User) -> None:
    people.deactivate_person(person=program, deactivated_by=administrator)
    assert caller.get("/api/v1/patients/").status_code == 401
    people.reactivate_person(person=program, reactivated_by=administrator)
    assert caller.get("/api/v1/patients/").status_code == 401


def test_it_stops_while_nobody_answers_for_it(caller: APIClient, owner: User, administrator: User) -> None:
    people.deactivate_person(person=owner, deactivated_by=administrator)
    answer = caller.get("/api/v1/patients/")
    assert (answer.status_code, answer.json()["code"]) == (401, "nobody_answers")
    people.reactivate_person(person=owner, reactivated_by=administrator)
    assert caller.get("/api/v1/patients/").status_code == 200


def test_its_token_may_be_for_one_assay(program: User, administrator: User, case: Case, tissue_case: Case) -> None:
    put_on_team(case.patient, program)
    issued = issue_program_token(
        program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1), assays=["breast"]
    )
    client = APIClient(headers={"Authorization": f"Token {issued.text}"})
    assert [one["id"] for one in client.get("/api/v1/cases/").json()["results"]] == [str(tissue_case.pk)]


def test_a_token_that_is_too_old_is_none(caller: APIClient) -> None:
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert caller.get("/api/v1/patients/").status_code == 401
