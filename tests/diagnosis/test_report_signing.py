"""Signing: exactly what the doctor saw is frozen, once, or nothing is."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone, translation

from clinic.models import AuditEvent, HoldKind, User
from clinic.services.emergency_access import open_in_emergency
from clinic.services.holds import place_hold
from clinic.services.records import RecordRestricted
from diagnosis.canonical import digest_of
from diagnosis.models import (
    Answer,
    AssayPolicy,
    Case,
    Confirmation,
    ModelState,
    Reading,
    ReadingRequest,
    ReadingRole,
    Reason,
    Report,
    ReportDraft,
    ReportDrawing,
    RequestKind,
    SlideImage,
    WithdrawalReason,
)
from diagnosis.selectors.report_changes import marks_of
from diagnosis.selectors.report_content import basis_of
from diagnosis.selectors.report_obstacles import obstacles_of
from diagnosis.selectors.report_rows import rows_of
from diagnosis.selectors.reports import DamagedReport, amendment_due, content_of
from diagnosis.services.report_drafts import draft_of, keep_report_draft
from diagnosis.services.signing import ChangedMeanwhile, NotReady, Seen, Words, sign_report
from diagnosis.services.withdrawing import restore_image, withdraw_image
from tests.at_once import at_once
from tests.factories import (
    AnalysisFactory,
    ImageFactory,
    PredictionFactory,
    ReadingFactory,
    signed_report,
)


@pytest.fixture
def image(case: Case) -> SlideImage:
    return ImageFactory.create(case=case, uploaded_name="first.png")


@pytest.fixture
def reading(image: SlideImage, owner: User) -> Reading:
    prediction = PredictionFactory.create(analysis__image=image)
    return ReadingFactory.create(image=image, reader=owner, answer=Answer.AGREE, prediction=prediction)


def seen_by(person: User, case: Case) -> Seen:
    basis = basis_of(rows_of(case, person=person))
    return Seen(digest_of(basis), marks_of(basis))


def sign(case: Case, person: User, seen: Seen, **words: Any) -> Report:
    return sign_report(case=case, signer=person, seen=seen, words=Words(**words), confirmed_by=Confirmation.PASSWORD)


def kinds(case: Case, person: User) -> list[str]:
    return [one.kind for one in obstacles_of(rows_of(case, person=person), person=person)]


def withdraw(image: SlideImage, by: User) -> None:
    SlideImage.objects.filter(pk=image.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=by, withdrawal_reason=WithdrawalReason.WRONG_CASE
    )


def correct(reading: Reading, label: str = "Pro") -> Reading:
    return ReadingFactory.create(
        image=reading.image, reader=reading.reader, label=label, replaces=reading, change_reason="Looked again."
    )


def test_it_freezes_all_that_led_to_it(case: Case, reading: Reading, owner: User) -> None:
    with translation.override("es"), timezone.override("Europe/Madrid"):
        report = signed_report(case=case, signer=owner, findings="  Blasts.  ")
    content = content_of(report)
    assert (report.version, report.signed_by, report.content_digest) == (1, owner, digest_of(content))
    assert content["patient"]["record_number"] == case.patient.record_number
    assert content["patient"]["family_name"] == case.patient.family_name
    assert (content["result"], content["findings"]) == ("Pre", "Blasts.")
    assert content["rule"] == ["Pro", "Pre", "Early", "cannot_tell", "Benign", "unsuitable"]
    assert (content["language"], content["time_zone"]) == ("es", "Europe/Madrid")
    assert content["signer"] == {"id": str(owner.pk), "name": "Olivia Owner", "role": "doctor"}
    assert content["signed_at"] == report.created_at.isoformat()
    (image,) = content["images"]
    assert (image["sha256"], image["agreement"]) == (reading.image.sha256, "agrees")
    assert image["readings"][0]["reader"] == "Olivia Owner"
    assert reading.prediction
    model = reading.prediction.analysis.model_version
    assert content["models"] == [{"name": model.name, "version": model.version, "sha256": model.sha256}]


def test_the_digest_is_the_same_after_the_database_has_had_it(case: Case, reading: Reading, owner: User) -> None:
    pk = signed_report(case=case, signer=owner).pk
    assert content_of(Report.objects.get(pk=pk))["version"] == 1


def test_the_trail_holds_the_digest_and_no_words(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner, findings="Blasts.")
    event = AuditEvent.objects.get(action="report.signed")
    assert (event.actor, event.patient_id, event.subject_id) == (owner, case.patient_id, str(report.pk))
    assert event.detail == {"version": 1, "digest": report.content_digest, "confirmed_by": "password"}


def test_the_worst_reading_leads(case: Case, reading: Reading, owner: User) -> None:
    ReadingFactory.create(image__case=case, reader=owner, label="Benign")
    ReadingFactory.create(image__case=case, reader=owner, label="Pro")
    assert signed_report(case=case, signer=owner).content["result"] == "Pro"


def test_a_corrected_reading_stands_beside_the_one_that_counts(case: Case, reading: Reading, owner: User) -> None:
    later = correct(reading)
    (image,) = signed_report(case=case, signer=owner).content["images"]
    assert image["leading"] == str(later.pk)
    assert [one["replaces"] for one in image["readings"]] == [None, str(reading.pk)]
    assert image["agreement"] == "differs"


def test_a_withdrawn_image_is_listed_and_counts_for_nothing(case: Case, reading: Reading, owner: User) -> None:
    other = ReadingFactory.create(image__case=case, reader=owner, label="Pro").image
    withdraw(other, owner)
    content = signed_report(case=case, signer=owner).content
    entry = next(one for one in content["images"] if one["id"] == str(other.pk))
    assert (entry["withdrawn"]["by"], entry["withdrawn"]["reason"]) == ("Olivia Owner", "wrong_case")
    assert (entry["readings"], content["result"]) == ([], "Pre")


def test_a_draft_goes_with_the_signature(case: Case, reading: Reading, owner: User, colleague: User) -> None:
    keep_report_draft(case=case, author=owner, findings="mine")
    keep_report_draft(case=case, author=colleague, findings="theirs")
    signed_report(case=case, signer=owner)
    assert [draft.author for draft in ReportDraft.objects.all()] == [colleague]


class TestWhatStandsInTheWay:
    def test_nothing_when_every_image_is_read(self, case: Case, reading: Reading, owner: User) -> None:
        assert kinds(case, owner) == []

    def test_a_case_without_images(self, case: Case, owner: User) -> None:
        assert kinds(case, owner) == ["empty"]
        with pytest.raises(NotReady):
            sign(case, owner, seen_by(owner, case))

    def test_an_image_that_nobody_has_read(self, case: Case, reading: Reading, owner: User) -> None:
        ImageFactory.create(case=case)
        assert kinds(case, owner) == ["unread"]
        with pytest.raises(NotReady, match="1 image is not read"):
            sign(case, owner, seen_by(owner, case))
        assert not Report.objects.exists()

    def test_doctors_who_differ_until_somebody_adjudicates(
        self, case: Case, reading: Reading, owner: User, colleague: User
    ) -> None:
        ReadingFactory.create(image=reading.image, reader=colleague, role=ReadingRole.SECOND, label="Pro")
        assert kinds(case, owner) == ["disagreement"]
        ReadingFactory.create(image=reading.image, reader=owner, role=ReadingRole.ADJUDICATION, label="Pro")
        assert kinds(case, owner) == []

    def test_a_reading_that_was_asked_for(self, case: Case, reading: Reading, owner: User, colleague: User) -> None:
        ReadingRequest.objects.create(image=reading.image, kind=RequestKind.SECOND, asked_of=colleague, asked_by=owner)
        assert kinds(case, owner) == ["requests"]

    def test_an_image_that_is_still_analysed(self, case: Case, reading: Reading, owner: User) -> None:
        assert reading.prediction
        waiting = ReadingFactory.create(image__case=case, reader=owner)
        AnalysisFactory.create(image=waiting.image, model_version=reading.prediction.analysis.model_version)
        assert kinds(case, owner) == ["pending"]

    def test_not_an_image_that_has_a_result_and_is_analysed_anew(
        self, case: Case, reading: Reading, owner: User
    ) -> None:
        AnalysisFactory.create(image=reading.image, model_version__state=ModelState.CANDIDATE)
        assert kinds(case, owner) == []

    def test_what_is_withheld_from_the_person(
        self, case: Case, reading: Reading, owner: User, colleague: User, administrator: User
    ) -> None:
        AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
        assert kinds(case, owner) == []
        assert kinds(case, colleague) == ["withheld"]
        with pytest.raises(NotReady):
            sign(case, colleague, seen_by(colleague, case))
        basis = basis_of(rows_of(case, person=colleague))
        (image,) = basis["images"]
        assert (image["standing"], image["readings"], image["suggestion"]) == ("withheld", [], None)
        assert (basis["models"], basis["result"]) == ([], "")

    def test_a_withdrawn_image_does_not(self, case: Case, reading: Reading, owner: User) -> None:
        withdraw(ImageFactory.create(case=case), owner)
        assert kinds(case, owner) == []

    def test_a_failed_analysis_does_not_once_the_image_is_read(self, case: Case, owner: User) -> None:
        AnalysisFactory.create(
            image=ReadingFactory.create(image__case=case, reader=owner, answer=Answer.UNSUITABLE, label="",
                                        reason=Reason.FOCUS).image,
            state="failed", failure_code="x", failure_message="x", finished_at=timezone.now(),
        )  # fmt: skip
        assert signed_report(case=case, signer=owner).content["result"] == "unsuitable"


class TestWhoSigns:
    @pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
    def test_nobody_but_the_care_team(
        self, case: Case, reading: Reading, owner: User, who: str, request: pytest.FixtureRequest
    ) -> None:
        with pytest.raises(PermissionDenied):
            sign(case, request.getfixturevalue(who), seen_by(owner, case))

    def test_nobody_through_an_emergency(self, case: Case, reading: Reading, stranger: User) -> None:
        patient = case.patient
        open_in_emergency(
            doctor=stranger,
            record_number=patient.record_number,
            family_name=patient.family_name,
            reason="Brought in unconscious at night.",
        )
        assert kinds(case, stranger) == ["team"]
        with pytest.raises(PermissionDenied):
            sign(case, stranger, seen_by(stranger, case))

    def test_nobody_while_the_record_is_restricted(self, case: Case, reading: Reading, owner: User) -> None:
        seen = seen_by(owner, case)
        place_hold(patient=case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
        with pytest.raises(RecordRestricted):
            sign(case, owner, seen)
        with pytest.raises(RecordRestricted):
            keep_report_draft(case=case, author=owner, findings="x")

    def test_a_colleague_who_has_read_nothing_signs_what_they_saw(
        self, case: Case, reading: Reading, colleague: User
    ) -> None:
        assert signed_report(case=case, signer=colleague).signed_by == colleague


class TestChangedMeanwhile:
    def told(self, case: Case, person: User, seen: Seen) -> str:
        with pytest.raises(ChangedMeanwhile) as refusal:
            sign(case, person, seen)
        return " ".join(refusal.value.changes)

    def test_a_corrected_reading_is_named_with_its_reader(
        self, case: Case, reading: Reading, owner: User, colleague: User
    ) -> None:
        seen = seen_by(colleague, case)
        correct(reading)
        assert "first.png: Olivia Owner corrected a reading." in self.told(case, colleague, seen)
        assert not Report.objects.exists()

    def test_a_new_image_is_named(self, case: Case, reading: Reading, owner: User) -> None:
        seen = seen_by(owner, case)
        ImageFactory.create(case=case, uploaded_name="late.png")
        assert self.told(case, owner, seen) == "late.png was added. 1 image is not read."

    def test_a_withdrawn_image_is_named(self, case: Case, reading: Reading, owner: User, colleague: User) -> None:
        other = ReadingFactory.create(image__case=case, image__uploaded_name="other.png", reader=owner).image
        seen = seen_by(owner, case)
        withdraw(other, colleague)
        assert self.told(case, owner, seen) == "other.png was withdrawn by Colin Colleague."

    def test_another_version_is_named_with_its_signer(
        self, case: Case, reading: Reading, owner: User, colleague: User
    ) -> None:
        seen = seen_by(owner, case)
        signed_report(case=case, signer=colleague)
        assert "Colin Colleague signed version 1 of this report." in self.told(case, owner, seen)

    def test_another_name_of_the_patient_is_told(self, case: Case, reading: Reading, owner: User) -> None:
        seen = seen_by(owner, case)
        case.patient.family_name = "Married"
        case.patient.save()
        assert self.told(case, owner, seen) == "The patient's or the case's entries were changed."

    def test_marks_that_say_nothing_do_not_help(self, case: Case, reading: Reading, owner: User) -> None:
        marks = seen_by(owner, case).marks
        assert "look through the report again" in self.told(case, owner, Seen("0" * 64, marks))


def test_the_same_form_twice_signs_once(case: Case, reading: Reading, owner: User) -> None:
    seen = seen_by(owner, case)
    assert sign(case, owner, seen) == sign(case, owner, seen)
    assert Report.objects.count() == AuditEvent.objects.filter(action="report.signed").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(3))
def test_of_two_who_sign_at_once_one_wins_and_the_other_is_told(
    case: Case, reading: Reading, owner: User, colleague: User, again: int
) -> None:
    first, second = seen_by(owner, case), seen_by(colleague, case)
    outcomes = at_once(
        lambda: sign(case, owner, first, findings="one"), lambda: sign(case, colleague, second, findings="two")
    )
    assert {type(outcome) for outcome in outcomes} == {Report, ChangedMeanwhile}
    report = Report.objects.get()
    (refusal,) = [one for one in outcomes if isinstance(one, ChangedMeanwhile)]
    assert refusal.changes == [f"{report.signed_by.full_name} signed version 1 of this report."]


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_sign_once(case: Case, reading: Reading, owner: User) -> None:
    seen = seen_by(owner, case)
    outcomes = at_once(*[lambda: sign(case, owner, seen)] * 3)
    assert outcomes == [Report.objects.get()] * 3


class TestAmending:
    def test_it_takes_a_reason(self, case: Case, reading: Reading, owner: User) -> None:
        signed_report(case=case, signer=owner)
        with pytest.raises(ValidationError, match="Say why"):
            signed_report(case=case, signer=owner, amendment_reason="  ")

    def test_the_version_before_it_is_kept_and_named(
        self, case: Case, reading: Reading, owner: User, colleague: User
    ) -> None:
        first = signed_report(case=case, signer=owner, findings="before")
        correct(reading)
        second = signed_report(case=case, signer=colleague, amendment_reason="Read again.")
        first.refresh_from_db()
        assert content_of(first)["findings"] == "before"
        amends = content_of(second)["amends"]
        assert (second.version, amends["version"], amends["digest"]) == (2, 1, first.content_digest)
        assert amends["signer"] == "Olivia Owner"
        assert AuditEvent.objects.filter(action="report.amended", subject_id=str(second.pk)).exists()

    def test_every_earlier_version_is_drawn_anew_as_superseded(self, case: Case, reading: Reading, owner: User) -> None:
        first = signed_report(case=case, signer=owner)
        second = signed_report(case=case, signer=owner, amendment_reason="A word was missing.")
        drawings = set(ReportDrawing.objects.values_list("report", "superseded_by"))
        assert drawings == {(first.pk, None), (first.pk, second.pk), (second.pk, None)}


class TestDue:
    def due(self, case: Case) -> bool:
        return Case.objects.filter(amendment_due(), pk=case.pk).exists()

    @pytest.fixture
    def report(self, case: Case, reading: Reading, owner: User) -> Report:
        return signed_report(case=case, signer=owner)

    def test_not_before_anything_is_signed(self, case: Case, reading: Reading) -> None:
        assert not self.due(case)

    def test_not_when_nothing_has_happened_since(self, case: Case, report: Report) -> None:
        assert not self.due(case)

    def test_after_a_new_image(self, case: Case, report: Report) -> None:
        ImageFactory.create(case=case)
        assert self.due(case)

    def test_after_a_correction(self, case: Case, report: Report, reading: Reading) -> None:
        correct(reading)
        assert self.due(case)

    def test_after_a_withdrawal(self, case: Case, report: Report, reading: Reading, owner: User) -> None:
        withdraw(reading.image, owner)
        assert self.due(case)

    def test_when_one_image_takes_the_place_of_another(self, case: Case, reading: Reading, owner: User) -> None:
        other = ReadingFactory.create(image__case=case, image__sha256="e" * 64, reader=owner).image
        withdraw_image(image=other, withdrawn_by=owner, reason=WithdrawalReason.OTHER)
        signed_report(case=case, signer=owner)
        withdraw_image(image=reading.image, withdrawn_by=owner, reason=WithdrawalReason.OTHER)
        restore_image(image=other, restored_by=owner)
        assert self.due(case)

    def test_not_when_an_image_was_withdrawn_and_put_back(
        self, case: Case, report: Report, reading: Reading, owner: User
    ) -> None:
        withdraw_image(image=reading.image, withdrawn_by=owner, reason=WithdrawalReason.OTHER)
        assert self.due(case)
        restore_image(image=reading.image, restored_by=owner)
        assert not self.due(case)

    def test_no_longer_once_it_is_amended(self, case: Case, report: Report, reading: Reading, owner: User) -> None:
        correct(reading)
        signed_report(case=case, signer=owner, amendment_reason="Read again.")
        assert not self.due(case)

    def test_of_a_case_alone(self, case: Case, report: Report, tissue_case: Case) -> None:
        ImageFactory.create(case=tissue_case)
        assert not self.due(case)


@pytest.mark.parametrize("what", ["content", "version", "signed_by_id", "confirmed_by"])
def test_a_changed_row_is_refused(case: Case, reading: Reading, owner: User, colleague: User, what: str) -> None:
    report = signed_report(case=case, signer=owner)
    content = report.content | {"findings": "Nothing to see."}
    changed = {"content": content, "version": 2, "signed_by_id": colleague.pk, "confirmed_by": "passkey"}
    setattr(report, what, changed[what])
    with pytest.raises(DamagedReport):
        content_of(report)


def test_the_database_lets_nobody_change_it(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner)
    with pytest.raises(Exception, match="Cannot update rows"), connection.cursor() as cursor:
        cursor.execute("UPDATE diagnosis_report SET version = 7 WHERE id = %s", [report.pk])


def test_a_draft_is_the_authors_own_and_the_newest_words_stand(case: Case, owner: User, colleague: User) -> None:
    keep_report_draft(case=case, author=owner, findings="one")
    keep_report_draft(case=case, author=owner, findings="two", amendment_reason="why")
    draft = draft_of(case=case, author=owner)
    assert draft
    assert (draft.findings, draft.amendment_reason) == ("two", "why")
    assert draft_of(case=case, author=colleague) is None
    assert AuditEvent.objects.filter(action="report.draft_kept").count() == 1


def test_the_time_is_the_databases(case: Case, reading: Reading, owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (before,) = cursor.fetchone()
    assert timedelta(0) <= signed_report(case=case, signer=owner).created_at - before < timedelta(minutes=1)
