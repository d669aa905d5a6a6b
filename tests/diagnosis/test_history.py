"""A patient's time line: cases, what models and doctors said, reports; and probabilities over time."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Patient, User
from diagnosis.models import (
    AssayPolicy,
    Case,
    Confirmation,
    ModelVersion,
    Prediction,
    Reading,
    ReadingRequest,
    Report,
    SlideImage,
)
from diagnosis.selectors.history import CaseHistory, page_of_history
from diagnosis.selectors.probabilities import Course, courses_of
from diagnosis.services.merging import merge_records
from tests.factories import (
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PatientFactory,
    PredictionFactory,
    ReadingFactory,
    add_to_care_team,
)


def predicted(case: Case, model: ModelVersion, *, pre: float = 0.9, **fields: Any) -> SlideImage:
    """An image with a prediction whose probability of the class Pre is given, the rest being Benign's."""
    image = fields.pop("image", None) or ImageFactory.create(case=case)
    probabilities = {"Benign": 1 - pre, "Early": 0.0, "Pre": pre, "Pro": 0.0}
    PredictionFactory.create(
        analysis__image=image, analysis__model_version=model, probabilities=probabilities, **fields
    )
    return image


def out_of_scope(case: Case, model: ModelVersion) -> SlideImage:
    return predicted(case, model, verdict="out_of_scope", label="", prediction_set=[])


def withdraw(image: SlideImage) -> None:
    SlideImage.objects.filter(pk=image.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=image.created_by, withdrawal_reason="unusable"
    )


def sign(case: Case, person: User) -> Report:
    return Report.objects.create(
        case=case, content={}, content_digest="0" * 64, signed_by=person, confirmed_by=Confirmation.PASSWORD
    )


def entry_of(case: Case, person: User) -> CaseHistory:
    return next(one for one in page_of_history(patient=case.patient, person=person).cases if one.case == case)


def course_of(patient: Patient, person: User) -> Course:
    (course,) = courses_of(patient=patient, person=person)
    return course


@pytest.fixture
def later(patient: Patient) -> Case:
    """A second blood smear of the patient, half a year after the first."""
    return CaseFactory.create(patient=patient, specimen_date=date(2026, 7, 2))


@pytest.fixture
def newer_model(model: ModelVersion) -> ModelVersion:
    return ModelVersionFactory.create(version="2", state="candidate")


@pytest.fixture
def blinded(administrator: User) -> AssayPolicy:
    return AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)


def test_an_entry_shows_what_every_model_and_every_doctor_said(
    owner_client: Client, case: Case, model: ModelVersion, newer_model: ModelVersion, owner: User, colleague: User
) -> None:
    image = predicted(case, model)
    predicted(case, newer_model, image=image, verdict="refer")
    ReadingFactory.create(image=image, reader=owner, label="Pre")
    ReadingFactory.create(image=image, reader=colleague, label="Pre", role="second")
    (shown,) = entry_of(case, owner).images
    assert {prediction.analysis.model_version for prediction in shown.predictions} == {model, newer_model}
    assert [reading.reader for reading in shown.readings] == [owner, colleague]
    page = owner_client.get(f"/patients/{case.patient_id}/").content.decode()
    for words in ("test model 1", "test model 2", "Olivia Owner", "Colin Colleague", "Second reading"):
        assert words in page


def test_a_corrected_reading_gives_way_to_its_correction(case: Case, owner: User) -> None:
    image = ImageFactory.create(case=case)
    first = ReadingFactory.create(image=image, reader=owner, label="Pre")
    ReadingFactory.create(image=image, reader=owner, label="Pro", replaces=first, change_reason="Looked again.")
    entry = entry_of(case, owner)
    assert [reading.label for reading in entry.images[0].readings] == ["Pro"]
    assert entry.summary.results == [("Pro", 1)]


def test_the_worst_reading_leads_and_what_is_open_is_said(
    owner_client: Client, case: Case, owner: User, colleague: User
) -> None:
    for label in ("Benign", "Benign", "Early"):
        ReadingFactory.create(image=ImageFactory.create(case=case), reader=owner, label=label)
    differing = ImageFactory.create(case=case)
    ReadingFactory.create(image=differing, reader=owner, label="Benign")
    ReadingFactory.create(image=differing, reader=colleague, label="Pro", role="second")
    ImageFactory.create(case=case)
    summary = entry_of(case, owner).summary
    assert (summary.result, summary.results) == ("Early", [("Early", 1), ("Benign", 2)])
    assert (summary.unread, summary.disagreements) == (1, 1)
    assert "The worst reading leads: Early." in owner_client.get(f"/patients/{case.patient_id}/").content.decode()


def test_a_referred_image_is_shown_without_a_class(owner_client: Client, case: Case, model: ModelVersion) -> None:
    predicted(case, model, verdict="refer", label="Pre")
    page = owner_client.get(f"/patients/{case.patient_id}/").content.decode()
    assert "Refer to a second reader" in page
    assert "Pre<" not in page


def test_reports_stand_in_the_time_line_the_newest_first(
    owner_client: Client, case: Case, owner: User, colleague: User
) -> None:
    ImageFactory.create(case=case)
    sign(case, owner)
    Report.objects.create(
        case=case,
        version=2,
        amendment_reason="A cell was missed.",
        content={},
        content_digest="1" * 64,
        signed_by=colleague,
        confirmed_by=Confirmation.PASSKEY,
    )
    assert [report.version for report in entry_of(case, owner).reports] == [2, 1]
    page = owner_client.get(f"/patients/{case.patient_id}/").content.decode()
    newest = entry_of(case, owner).reports[0]
    assert f'<a href="/reports/{newest.pk}/">Version 2</a>, signed by <bdi>Colin Colleague</bdi>' in page
    assert "A cell was missed." in page


def test_withdrawn_images_count_nowhere(case: Case, later: Case, model: ModelVersion, owner: User) -> None:
    predicted(case, model, pre=0.2)
    predicted(later, model, pre=0.4)
    gone = predicted(later, model, pre=1.0)
    ReadingFactory.create(image=gone, reader=owner, label="Pro")
    withdraw(gone)
    entry = entry_of(later, owner)
    assert (entry.counts.total, len(entry.images), entry.summary.results) == (1, 1, [])
    point = course_of(later.patient, owner).points[-1]
    assert (point.inside, point.spreads["Pre"].high) == (1, 0.4)  # type: ignore[union-attr]


def test_a_case_shows_its_first_images_and_the_way_to_all(
    owner_client: Client, case: Case, model: ModelVersion, owner: User
) -> None:
    for _ in range(7):
        predicted(case, model)
    assert len(entry_of(case, owner).images) == 5
    assert "All 7 images of this case" in owner_client.get(f"/patients/{case.patient_id}/").content.decode()


def test_it_takes_as_many_queries_for_one_case_as_for_many(
    owner_client: Client,
    case: Case,
    later: Case,
    model: ModelVersion,
    owner: User,
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    def fill(case: Case) -> None:
        for _ in range(3):
            image = predicted(case, model)
            ReadingFactory.create(image=image, reader=owner)
        sign(case, owner)

    fill(case)
    fill(later)
    address = f"/patients/{case.patient_id}/"
    # session, person, patient; cases counted and read, counts, readings, reports, first images, withheld, predictions,
    # their readings; assays, one assay's course; audit; team, emergencies, notices
    queries = 19
    with django_assert_num_queries(queries):
        owner_client.get(address)
    for _ in range(5):
        fill(CaseFactory.create(patient=case.patient))
    with django_assert_num_queries(queries):
        owner_client.get(address)


def test_the_course_is_the_mean_and_the_range_of_each_class_by_case_and_model(
    case: Case, later: Case, model: ModelVersion, newer_model: ModelVersion, owner: User
) -> None:
    for pre in (0.2, 0.6):
        predicted(case, model, pre=pre)
    predicted(later, newer_model, pre=0.9)
    course = course_of(case.patient, owner)
    assert [(point.taken, point.model_name) for point in course.points] == [
        (date(2026, 1, 2), "test model 1"),
        (date(2026, 7, 2), "test model 2"),
    ]
    spread = course.points[0].spreads["Pre"]
    assert spread is not None
    assert [spread.mean, spread.low, spread.high] == pytest.approx([0.4, 0.2, 0.6])
    assert [number for _, number in course.rows] == [0, 1]


def test_images_outside_what_a_model_knows_are_counted_and_give_no_figure(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    predicted(case, model)
    out_of_scope(later, model)
    point = course_of(case.patient, owner).points[-1]
    assert (point.inside, point.outside) == (0, 1)
    assert set(point.spreads.values()) == {None}
    page = owner_client.get(f"/patients/{case.patient_id}/").content.decode()
    assert "no figure" in page
    assert 'data-facet="count"' in page


def test_one_specimen_alone_is_no_course(case: Case, model: ModelVersion, owner: User) -> None:
    predicted(case, model)
    assert courses_of(patient=case.patient, person=owner) == []


def test_assays_have_charts_of_their_own(
    patient: Patient, case: Case, later: Case, tissue_case: Case, model: ModelVersion, owner: User
) -> None:
    tissue_model = ModelVersionFactory.create(assay="breast")
    another = CaseFactory.create(patient=patient, assay="breast", specimen_date=date(2026, 5, 5))
    for one in (case, later):
        predicted(one, model)
    for one in (tissue_case, another):
        PredictionFactory.create(
            analysis__image__case=one,
            analysis__model_version=tissue_model,
            label="Benign",
            probabilities={"Benign": 0.8, "Malignant": 0.2},
        )
    courses = courses_of(patient=patient, person=owner)
    assert [list(course.points[0].spreads) for course in courses] == [
        ["Benign", "Malignant"],
        ["Benign", "Early", "Pre", "Pro"],
    ]


def test_very_long_courses_keep_the_newest(
    monkeypatch: pytest.MonkeyPatch, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    monkeypatch.setattr("diagnosis.selectors.probabilities.MOST_POINTS", 2)
    newest = CaseFactory.create(patient=case.patient, specimen_date=date(2026, 8, 2))
    for one in (case, later, newest):
        predicted(one, model)
    course = course_of(case.patient, owner)
    assert course.left_out
    assert [point.case for point in course.points] == [later.pk, newest.pk]


@pytest.mark.usefixtures("blinded")
def test_a_blinded_doctor_learns_nothing_before_reading(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User, colleague: User
) -> None:
    image = predicted(case, model, pre=0.37)
    predicted(later, model, pre=0.73)
    ReadingFactory.create(image=image, reader=colleague, label="Pro")
    page = owner_client.get(f"/patients/{case.patient_id}/").content.decode()
    assert "Shown once you have read this image" in page
    for secret in ("data-value", "over time", "1 \N{MULTIPLICATION SIGN} Pro", "malignant", "Colin Colleague</bdi>, "):
        assert secret not in page, secret
    ReadingFactory.create(image=image, reader=owner, label="Pre", was_blinded=True)
    entry = entry_of(case, owner)
    assert len(entry.images[0].predictions) == 1
    assert len(entry.images[0].readings) == 2
    assert not entry_of(later, owner).images[0].predictions


def test_a_second_reader_sees_neither_figures_nor_readings_of_the_image_asked_for(
    case: Case, later: Case, model: ModelVersion, owner: User, colleague: User
) -> None:
    image = predicted(case, model)
    predicted(later, model)
    ReadingFactory.create(image=image, reader=owner, label="Pro")
    ReadingRequest.objects.create(image=image, kind="second", asked_of=colleague, asked_by=owner)
    sign(case, owner)
    entry = entry_of(case, colleague)
    assert (entry.summary.results, entry.summary.unread) == ([], 1)
    assert entry.images[0].is_withheld
    assert courses_of(patient=case.patient, person=colleague) == []
    assert len(course_of(case.patient, owner).points) == 2


def test_what_was_merged_is_in_the_history(
    patient: Patient, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    other = PatientFactory.create(created_by=owner)
    add_to_care_team(other, owner)
    elsewhere = CaseFactory.create(patient=other, specimen_date=date(2026, 3, 3))
    for one in (case, later, elsewhere):
        predicted(one, model)
    merge_records(kept=patient, merged=other, merged_by=owner)
    assert [entry.case for entry in page_of_history(patient=patient, person=owner).cases] == [later, elsewhere, case]
    assert len(course_of(patient, owner).points) == 3


def test_a_stranger_is_given_nothing(case: Case, later: Case, model: ModelVersion, stranger: User) -> None:
    for one in (case, later):
        ReadingFactory.create(image=predicted(one, model))
    assert list(page_of_history(patient=case.patient, person=stranger).cases) == []
    assert courses_of(patient=case.patient, person=stranger) == []


def test_shapes_do_not_run_out(owner_client: Client, case: Case, later: Case) -> None:
    for version in range(8):
        model = ModelVersionFactory.create(version=str(version), state="retired")
        predicted(case, model)
    assert owner_client.get(f"/patients/{case.patient_id}/").status_code == 200
    assert Prediction.objects.count() == 8
    assert not Reading.objects.exists()
