"""A case's standing, which the database keeps: after any change it says what all the rows together say."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Patient, User
from diagnosis.models import (
    Analysis,
    AnalysisState,
    Answer,
    AssayPolicy,
    Case,
    CaseInvolvement,
    CaseStanding,
    Confirmation,
    ModelVersion,
    Reading,
    ReadingDraft,
    ReadingRequest,
    ReadingRole,
    Reason,
    Report,
    RequestKind,
    RequestState,
    SlideImage,
    Stage,
    Urgency,
    Verdict,
    WithdrawalReason,
)
from diagnosis.selectors.suggestions import standing_prediction
from tests.at_once import at_once
from tests.diagnosis.standings import standing_afresh
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PatientFactory,
    PredictionFactory,
    ReadingFactory,
    add_to_care_team,
)

STEPS = 40
T = TypeVar("T")


def kept(case: Case) -> dict[str, Any]:
    (row,) = CaseStanding.objects.filter(case=case).values()
    return dict(row) | {"model_versions": sorted(row["model_versions"])}


def sign(case: Case, person: User) -> Report:
    version = case.reports.count() + 1
    return Report.objects.create(
        case=case,
        version=version,
        content={},
        content_digest="0" * 64,
        amendment_reason="more is known" if version > 1 else "",
        signed_by=person,
        confirmed_by=Confirmation.PASSWORD,
    )


class Walk:
    """Somebody who does one thing after the other to a few cases, whatever comes up, past all services."""

    def __init__(self, seed: int, people: list[User], cases: list[Case], models: list[ModelVersion]) -> None:
        self.chance = np.random.default_rng(seed)
        self.people, self.cases, self.models = people, cases, models
        self.acts: list[Callable[[], None]] = [
            self.upload, self.upload, self.end_analysis, self.end_analysis, self.end_analysis, self.retry, self.read,
            self.read, self.read, self.correct, self.adjudicate, self.ask, self.close_request, self.withdraw,
            self.put_back, self.sign, self.change_urgency, self.change_policy, self.move, self.analyse_anew,
        ]  # fmt: skip

    def step(self) -> None:
        self._one(self.acts)()

    def _one(self, things: Sequence[T]) -> T:
        return things[int(self.chance.integers(len(things)))]

    def upload(self) -> None:
        image = ImageFactory.create(case=self._one(self.cases))
        AnalysisFactory.create(image=image, model_version=self._one(self.models))

    def analyse_anew(self) -> None:
        for image in self._some(SlideImage.objects.all()):
            taken = image.analyses.values("model_version")
            for model in ModelVersion.objects.exclude(pk__in=taken)[:1]:
                AnalysisFactory.create(image=image, model_version=model)

    def end_analysis(self) -> None:
        for analysis in self._some(Analysis.objects.pending()):
            self._move(analysis.pk, "running", lease_token=uuid4(), lease_expires_at=timezone.now())
            end = self._one(["succeeded", "succeeded", "failed", "quarantined", "queued"])
            if end == "succeeded":
                self._predict(analysis)
            reason = {"failure_code": "x", "failure_message": "y"} if end in {"failed", "quarantined"} else {}
            finished = None if end == "queued" else timezone.now()
            self._move(analysis.pk, end, lease_token=None, lease_expires_at=None, finished_at=finished, **reason)

    def _predict(self, analysis: Analysis) -> None:
        verdict = self._one(Verdict.values)
        label = "" if verdict == Verdict.OUT_OF_SCOPE else self._one(["Pre", "Benign"])
        probability = self._one([0.1, 0.5, 0.9])
        PredictionFactory.create(
            analysis=analysis, verdict=verdict, label=label, malignant_probability=probability, **self.no_files
        )

    no_files = dict.fromkeys(["mask_sha256", "outline_sha256", "map_sha256"], "0" * 64)

    def retry(self) -> None:
        for analysis in self._some(Analysis.objects.filter(state__in=["failed", "quarantined"])):
            self._move(analysis.pk, "queued", finished_at=None, failure_code="", failure_message="")

    def _move(self, pk: UUID, state: str, **fields: Any) -> None:
        Analysis.objects.filter(pk=pk).update(state=AnalysisState(state), **fields)

    def read(self) -> None:
        for image in self._some(SlideImage.objects.all()):
            readers = [one for one in self.people if not image.readings.filter(reader=one).exists()]
            for reader in readers[:1]:
                about = standing_prediction(image)
                ReadingFactory.create(image=image, reader=reader, prediction=about, **self._answer())

    def _answer(self) -> dict[str, Any]:
        label = self._one(["Pre", "Pre", "Benign", ""])
        return {"label": label} if label else {"label": "", "answer": Answer.CANNOT_TELL, "reason": Reason.FOCUS}

    def correct(self) -> None:
        for old in self._some(Reading.objects.current()):
            ReadingFactory.create(
                image=old.image, reader=old.reader, role=old.role, replaces=old, change_reason="z", **self._answer()
            )

    def adjudicate(self) -> None:
        for image in self._some(SlideImage.objects.exclude(readings__role=ReadingRole.ADJUDICATION)):
            ReadingFactory.create(image=image, reader=self.people[0], role=ReadingRole.ADJUDICATION, **self._answer())

    def ask(self) -> None:
        for image in self._some(SlideImage.objects.exclude(reading_requests__state=RequestState.OPEN)):
            ReadingRequest.objects.create(image=image, kind=RequestKind.ADJUDICATION)

    def close_request(self) -> None:
        for request in self._some(ReadingRequest.objects.open()):
            ReadingRequest.objects.filter(pk=request.pk).update(state=RequestState.DONE, closed_at=timezone.now())

    def withdraw(self) -> None:
        for image in self._some(SlideImage.objects.in_use()):
            SlideImage.objects.filter(pk=image.pk).update(
                withdrawn_at=timezone.now(), withdrawn_by=self.people[0], withdrawal_reason=WithdrawalReason.OTHER
            )

    def put_back(self) -> None:
        for image in self._some(SlideImage.objects.exclude(withdrawn_at=None)):
            SlideImage.objects.filter(pk=image.pk).update(
                withdrawn_at=None, withdrawn_by=None, withdrawal_reason="", in_use_since=timezone.now()
            )

    def sign(self) -> None:
        sign(self._one(self.cases), self.people[0])

    def change_urgency(self) -> None:
        Case.objects.filter(pk=self._one(self.cases).pk).update(urgency=self._one(Urgency.values))

    def change_policy(self) -> None:
        policy, _ = AssayPolicy.objects.get_or_create(assay="leukemia", defaults={"changed_by": self.people[0]})
        AssayPolicy.objects.filter(pk=policy.pk).update(blinded_first_read=self.chance.random() < 0.5)

    def move(self) -> None:
        other = PatientFactory.create(created_by=self.people[0])
        Case.objects.filter(pk=self._one(self.cases).pk).update(patient=other)

    def _some(self, rows: Any) -> list[Any]:
        found = list(rows.order_by("pk").distinct())
        return [found[place] for place in self.chance.permutation(len(found))[: self._one([1, 1, 3])]]


@pytest.mark.parametrize("seed", range(8))
def test_after_any_change_it_says_what_the_rows_say(patient: Patient, owner: User, colleague: User, seed: int) -> None:
    cases = CaseFactory.create_batch(2, patient=patient)
    models = [ModelVersionFactory.create(), ModelVersionFactory.create(state="retired")]
    walk = Walk(seed, [owner, colleague], cases, models)
    for step in range(STEPS):
        walk.step()
        for case in cases:
            assert kept(case) == standing_afresh(case), step


def test_one_statement_over_many_cases_renews_each(patient: Patient) -> None:
    analyses = [AnalysisFactory.create(image__case__patient=patient, model_version=m) for m in models_of(3)]
    Analysis.objects.update(state=AnalysisState.CANCELLED, finished_at=timezone.now())
    for analysis in analyses:
        assert kept(analysis.image.case)["pending"] == 0


def models_of(number: int) -> list[ModelVersion]:
    return [ModelVersionFactory.create(state="retired") for _ in range(number)]


def test_a_signed_case_to_which_something_is_added_is_to_be_signed_again(case: Case, owner: User) -> None:
    image = ImageFactory.create(case=case)
    assert kept(case)["stage"] == Stage.OPEN
    first = ReadingFactory.create(image=image, reader=owner)
    assert kept(case)["stage"] == Stage.TO_SIGN
    sign(case, owner)
    assert kept(case)["stage"] == Stage.DONE
    ReadingFactory.create(image=image, reader=owner, replaces=first, change_reason="seen again")
    assert kept(case)["stage"] == Stage.TO_SIGN
    sign(case, owner)
    assert kept(case)["stage"] == Stage.DONE


def test_who_opens_a_case_reads_or_begins_to_has_a_hand_in_it(case: Case, owner: User, colleague: User) -> None:
    image = ImageFactory.create(case=case)
    assert list(CaseInvolvement.objects.values_list("doctor", flat=True)) == [owner.pk]
    ReadingDraft.objects.create(image=image, reader=colleague)
    ReadingFactory.create(image=image, reader=colleague)
    assert set(CaseInvolvement.objects.values_list("doctor", flat=True)) == {owner.pk, colleague.pk}


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_are_both_counted(owner: User) -> None:
    """Each of them alone would count the images that it sees: one of two."""
    patient = PatientFactory.create(created_by=owner)
    add_to_care_team(patient, owner)
    case = CaseFactory.create(patient=patient)

    def add() -> None:
        with transaction.atomic():
            ImageFactory.create(case=case)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.05)")

    assert at_once(*[add] * 4) == [None] * 4
    assert kept(case)["images"] == 4
