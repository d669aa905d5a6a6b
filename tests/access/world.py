"""A small clinic for the matrix: one patient with everything that can hang on a patient, and everybody who may ask."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import SimpleCookie
from django.test import Client

from clinic.models import ErasureReason, HoldKind, Patient, Role, TokenScope, User
from clinic.services.emergency_access import open_in_emergency
from clinic.services.holds import place_hold
from clinic.services.programs import create_program
from clinic.services.tokens import issue_program_token, issue_token
from diagnosis.models import (
    Analysis,
    AnalysisState,
    Case,
    ImageOpening,
    Prediction,
    ReadingRequest,
    Reanalysis,
    ReanalysisScope,
    Report,
    RequestKind,
    SavedView,
    SlideImage,
)
from diagnosis.services import file_store
from diagnosis.services.erasure import request_erasure
from diagnosis.services.merging import merge_records
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    EvaluationFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    ProposalFactory,
    ReadingFactory,
    UserFactory,
    add_to_care_team,
    drawn_png,
    signed_report,
)


@dataclass(frozen=True)
class World:
    """`ids` by the name that rows use; `people` without those who are nobody; `keys` are what each signs in with."""

    ids: dict[str, UUID]
    people: dict[str, User]
    cookies: dict[str, str]
    tokens: dict[str, str]

    def client(self, person: str) -> Client:
        """That person's browser or program, as it was when the world was made."""
        token = self.tokens.get(person)
        client = Client(headers={"Authorization": f"Token {token}"} if token else None)
        client.cookies = SimpleCookie(self.cookies.get(person, ""))
        return client


def make_world() -> World:
    """People sign in first; then one of them is deactivated."""
    owner, colleague, deactivated = (_doctor(name) for name in ("owner", "colleague", "deactivated"))
    people = {
        "owner": owner,
        "colleague": colleague,
        "deactivated": deactivated,
        "emergency": _doctor("emergency"),
        "stranger": _doctor("stranger"),
        "administrator": UserFactory.create(role=Role.ADMINISTRATOR),
        "auditor": UserFactory.create(role=Role.AUDITOR),
    }
    prediction = _prediction(owner)
    patient = prediction.analysis.image.case.patient
    for member in (owner, colleague, deactivated):
        add_to_care_team(patient, member)
    (access,) = open_in_emergency(
        doctor=people["emergency"],
        record_number=patient.record_number,
        family_name=patient.family_name,
        reason="Brought in unconscious at night.",
    )
    cookies = {name: _signed_in(person) for name, person in people.items()}
    tokens = {
        "read_token": issue_token(person=owner, scope=TokenScope.READ).text,
        "write_token": issue_token(person=owner).text,
    }
    User.objects.filter(pk=deactivated.pk).update(is_active=False)
    ids = _ids(prediction) | {
        "person": colleague.pk,
        "doctor": UserFactory.create().pk,
        "access": access.pk,
        "notice": access.notices.get(recipient=owner).pk,
        "view": SavedView.objects.create(owner=owner, name="Night", filters={"tab": "mine"}).pk,
        "token": owner.auth_token_set.get(scope=TokenScope.READ).public_id,
        **_record_life(prediction, [owner, colleague]),
        **_readings(prediction.analysis.image, people),
        **_registry(people["administrator"]),
        "reanalysis": _reanalysis(prediction, owner).pk,
        **_program(patient, people),
    }
    return World(ids=ids, people=people, cookies=cookies, tokens=tokens)


def _doctor(name: str) -> User:
    return UserFactory.create(email=f"{name}@clinic.example")


def _signed_in(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies.output(header="", sep=";")


def _prediction(owner: User) -> Prediction:
    """A finished reading with all its pictures."""
    case = CaseFactory.create(patient=PatientFactory.create(created_by=owner))
    picture = file_store.put(drawn_png())
    image = ImageFactory.create(case=case, display_sha256=picture, thumbnail_sha256=picture)
    return PredictionFactory.create(analysis__image=image)


def _ids(prediction: Prediction) -> dict[str, UUID]:
    image = prediction.analysis.image
    return {
        "patient": image.case.patient_id,
        "case": image.case_id,
        "image": image.pk,
        "analysis": prediction.analysis_id,
        "failed": _failed(image.case).pk,
        "prediction": prediction.pk,
        "model": prediction.analysis.model_version_id,
        "report": _signed_report(prediction).pk,
    }


def _readings(image: SlideImage, people: dict[str, User]) -> dict[str, UUID]:
    """Who has the image open; an image that a colleague was asked to read, and one about which two doctors differ."""
    for name in ("owner", "colleague", "emergency"):
        ImageOpening.objects.create(image=image, reader=people[name])
    third = _doctor("third")
    add_to_care_team(image.case.patient, third)
    asked, disputed = (ImageFactory.create(case=image.case) for _ in range(2))
    ReadingFactory.create(image=asked, reader=people["owner"])
    reading = ReadingFactory.create(image=disputed, reader=people["owner"])
    ReadingFactory.create(image=disputed, reader=people["deactivated"], label="Benign")
    request = ReadingRequest.objects.create(
        image=asked, kind=RequestKind.SECOND, asked_of=people["colleague"], asked_by=people["owner"]
    )
    adjudication = ReadingRequest.objects.create(image=disputed, kind=RequestKind.ADJUDICATION)
    return {
        "owner": people["owner"].pk,
        "third": third.pk,
        "disputed": disputed.pk,
        "reading": reading.pk,
        "request": request.pk,
        "adjudication": adjudication.pk,
    }


def _signed_report(prediction: Prediction) -> Report:
    """The patient's other specimen, read and signed; no worker draws it."""
    owner = prediction.analysis.image.case.patient.created_by
    case = CaseFactory.create(patient=prediction.analysis.image.case.patient)
    ReadingFactory.create(image__case=case, reader=owner)
    return signed_report(case=case, signer=owner)


def _record_life(prediction: Prediction, team: list[User]) -> dict[str, UUID]:
    """A second record of the patient, a third that was merged into the first; one about to be erased, one on hold."""
    twin, merged, unwanted, held = (PatientFactory.create(created_by=team[0]) for _ in range(4))
    for patient in (twin, merged, unwanted, held):
        for member in team:
            add_to_care_team(patient, member)
    merging = merge_records(kept=prediction.analysis.image.case.patient, merged=merged, merged_by=team[0])
    erasure = request_erasure(patient=unwanted, reason=ErasureReason.BY_MISTAKE, requested_by=team[0])
    reason = "It is asked for by a court."
    hold = place_hold(patient=held, kind=HoldKind.LEGAL_HOLD, reason=reason, placed_by=team[0])
    return {"twin": twin.pk, "merging": merging.pk, "erasure": erasure.pk, "hold": hold.pk}


def _registry(administrator: User) -> dict[str, UUID]:
    """A candidate that is measured on a locked test set, and another that is proposed for activation."""
    evaluation = EvaluationFactory.create(started_by=administrator)
    proposal = ProposalFactory.create(proposed_by=administrator)
    return {"evaluation": evaluation.pk, "proposal": proposal.pk, "test_set": evaluation.test_set_id}


def _reanalysis(prediction: Prediction, owner: User) -> Reanalysis:
    """The case, asked by the owner to be read anew; no worker has begun."""
    analysis = prediction.analysis
    return Reanalysis.objects.create(
        model_version=analysis.model_version,
        requested_by=owner,
        scope=ReanalysisScope.CASE,
        case=analysis.image.case,
        expected=1,
    )


def _program(patient: Patient, people: dict[str, User]) -> dict[str, UUID]:
    """A program on the patient's care team, with a token."""
    administrator = people["administrator"]
    program = create_program(name="Laboratory", answered_for_by=people["owner"], created_by=administrator)
    add_to_care_team(patient, program)
    issued = issue_program_token(program=program, issued_by=administrator, name="x", lifetime=timedelta(days=1))
    return {"program": program.pk, "program_token": issued.token.public_id}


def _failed(case: Case) -> Analysis:
    return AnalysisFactory.create(
        image__case=case,
        model_version=case.images.get().analyses.get().model_version,
        state=AnalysisState.FAILED,
        failure_code="truncated",
        failure_message="Cut off.",
        finished_at=case.created_at,
    )
