"""What changed between two specimens of one patient."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from clinic.models import AuditEvent, Patient, User
from diagnosis.models import AssayPolicy, Case, ModelVersion, SlideImage
from diagnosis.selectors.comparing import Comparison, compare
from tests.diagnosis.test_history import out_of_scope, predicted, withdraw
from tests.factories import CaseFactory, ImageFactory, ModelVersionFactory, PatientFactory, ReadingFactory


@pytest.fixture
def later(patient: Patient) -> Case:
    return CaseFactory.create(patient=patient, specimen_date=date(2026, 7, 2))


@pytest.fixture
def newer_model(model: ModelVersion) -> ModelVersion:
    return ModelVersionFactory.create(version="2", state="candidate")


def asked(first: Case, second: Case, **images: SlideImage) -> str:
    chosen = "".join(f"&{side}={image.pk}" for side, image in images.items())
    return f"/patients/{first.patient_id}/compare/?first={first.pk}&second={second.pk}{chosen}"


def page_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_it_compares_what_doctors_read_by_class(case: Case, later: Case, owner: User) -> None:
    for label in ("Pre", "Pre", "Early"):
        ReadingFactory.create(image=ImageFactory.create(case=case), reader=owner, label=label)
    for label in ("Benign", "Early"):
        ReadingFactory.create(image=ImageFactory.create(case=later), reader=owner, label=label)
    unclear = {"answer": "cannot_tell", "label": "", "reason": "focus"}
    ReadingFactory.create(image=ImageFactory.create(case=later), reader=owner, **unclear)
    comparison = compare(cases=(case, later), person=owner)
    assert [(change.name, change.readings) for change in comparison.changes] == [
        ("Benign", (0, 1)),
        ("Early", (1, 1)),
        ("Pre", (2, 0)),
        ("Pro", (0, 0)),
    ]
    assert comparison.others == [("cannot_tell", (0, 1))]
    assert (comparison.first.summary.result, comparison.second.summary.result) == ("Pre", "Early")


def test_figures_of_one_model_have_a_difference(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    predicted(case, model, pre=0.9)
    predicted(later, model, pre=0.4)
    comparison = compare(cases=(case, later), person=owner)
    assert comparison.is_one_model
    assert difference(comparison, "Pre") == pytest.approx(-0.5)
    assert "\N{MINUS SIGN}50 points" in page_of(owner_client, asked(case, later))


def test_figures_of_different_models_are_said_not_to_be_comparable(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, newer_model: ModelVersion, owner: User
) -> None:
    predicted(case, model, pre=0.9)
    predicted(later, newer_model, pre=0.4)
    comparison = compare(cases=(case, later), person=owner)
    assert not comparison.is_one_model
    assert difference(comparison, "Pre") is None
    page = page_of(owner_client, asked(case, later))
    assert "The models differ:" in page
    assert " points" not in page


def test_a_model_that_saw_both_is_preferred_to_newer_ones(
    case: Case, later: Case, model: ModelVersion, newer_model: ModelVersion, owner: User
) -> None:
    predicted(case, model, pre=0.9)
    image = predicted(later, model, pre=0.7)
    predicted(later, newer_model, image=image, pre=0.1)
    comparison = compare(cases=(case, later), person=owner)
    assert comparison.first.point is not None
    assert comparison.first.point.model == model.pk
    assert difference(comparison, "Pre") == pytest.approx(-0.2)


def test_only_confident_suggestions_count_as_a_class(case: Case, later: Case, model: ModelVersion, owner: User) -> None:
    predicted(case, model)
    predicted(later, model, verdict="refer", label="Pre")
    out_of_scope(later, model)
    comparison = compare(cases=(case, later), person=owner)
    suggestions = {change.name: change.suggestions for change in comparison.changes}
    assert suggestions["Pre"] == (1, 0)
    second = comparison.second
    assert second.point is not None
    assert (second.suggestions.referred, second.point.outside) == (1, 1)


def test_withdrawn_images_are_left_out(case: Case, later: Case, model: ModelVersion, owner: User) -> None:
    predicted(case, model)
    predicted(later, model)
    gone = predicted(later, model)
    ReadingFactory.create(image=gone, reader=owner, label="Pro")
    withdraw(gone)
    comparison = compare(cases=(case, later), person=owner, chosen=(None, gone.pk))
    assert [change.readings for change in comparison.changes] == [(0, 0)] * 4
    assert gone not in comparison.second.images
    assert comparison.second.shown is not None
    assert comparison.second.shown.image != gone


def test_two_chosen_images_stand_side_by_side_with_what_was_said(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    left, _, right = predicted(case, model), predicted(case, model), predicted(later, model, label="Pro")
    for image in (left, right):
        SlideImage.objects.filter(pk=image.pk).update(display_sha256="ab" * 32)
        ReadingFactory.create(image=image, reader=owner, label="Early")
    page = page_of(owner_client, asked(case, later, left=left, right=right))
    assert f'src="/images/{left.pk}/display"' in page
    assert f'src="/images/{right.pk}/display"' in page
    assert page.count("<strong>Early</strong>") == 2


def test_the_earlier_specimen_comes_first_however_it_is_asked(owner_client: Client, case: Case, later: Case) -> None:
    comparison: Comparison = owner_client.get(asked(later, case)).context["comparison"]
    assert (comparison.first.case, comparison.second.case) == (case, later)


def test_unless_others_are_chosen_the_two_newest_of_an_assay_are_compared(
    owner_client: Client, case: Case, later: Case, tissue_case: Case
) -> None:
    newest = CaseFactory.create(patient=case.patient, specimen_date=date(2026, 8, 2))
    comparison = owner_client.get(f"/patients/{case.patient_id}/compare/").context["comparison"]
    assert (comparison.first.case, comparison.second.case) == (later, newest)


def test_with_one_specimen_it_says_what_is_missing(owner_client: Client, case: Case, tissue_case: Case) -> None:
    assert "Nothing to compare yet" in page_of(owner_client, f"/patients/{case.patient_id}/compare/")


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("case", "case", "This is twice the same specimen."),
        ("case", "tissue", "These are different examinations."),
        ("case", "", "Choose two specimens."),
        ("case", "elsewhere", "Choose one of these."),
        ("case", "missing", "Choose one of these."),
        ("case", "x" * 5000, "Choose one of these."),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(
    owner_client: Client, case: Case, later: Case, tissue_case: Case, first: str, second: str, sentence: str
) -> None:
    elsewhere = CaseFactory.create(patient=PatientFactory.create())
    ids = {"case": case.pk, "tissue": tissue_case.pk, "elsewhere": elsewhere.pk, "missing": later.patient_id}
    address = f"/patients/{case.patient_id}/compare/?first={ids[first]}&second={ids.get(second, second)}"
    assert sentence in page_of(owner_client, address, status=400)


def test_an_image_of_another_case_gives_way_to_the_first(
    owner_client: Client, case: Case, later: Case, model: ModelVersion
) -> None:
    first, foreign = predicted(case, model), ImageFactory.create()
    comparison = owner_client.get(asked(case, later, left=foreign)).context["comparison"]
    assert comparison.first.shown.image == first
    assert comparison.second.shown is None


def test_a_blinded_doctor_compares_only_what_they_have_read(
    owner_client: Client,
    case: Case,
    later: Case,
    model: ModelVersion,
    owner: User,
    colleague: User,
    administrator: User,
) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    for one in (case, later):
        ReadingFactory.create(image=predicted(one, model), reader=colleague, label="Pro")
    page = page_of(owner_client, asked(case, later))
    for secret in ("Colin Colleague", "malignant", "test model"):
        assert secret not in page
    assert page.count("Shown once you have read this image") == 2
    comparison = compare(cases=(case, later), person=owner)
    assert [change.readings for change in comparison.changes] == [(0, 0)] * 4
    assert comparison.first.point is None


def test_looks_at_the_patient_both_cases_and_both_images_are_on_record(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User
) -> None:
    left, right = predicted(case, model), predicted(later, model)
    owner_client.get(asked(case, later))
    seen = set(AuditEvent.objects.filter(actor=owner, patient_id=case.patient_id).values_list("action", "subject_id"))
    assert seen == {
        ("patient.viewed", str(case.patient_id)),
        *(("case.viewed", str(one.pk)) for one in (case, later)),
        *(("image.viewed", str(image.pk)) for image in (left, right)),
    }


def test_it_takes_as_many_queries_for_few_images_as_for_many(
    owner_client: Client, case: Case, later: Case, model: ModelVersion, owner: User,
    django_assert_num_queries: Callable[[int], Any],
) -> None:  # fmt: skip
    def fill() -> None:
        for one in (case, later):
            ReadingFactory.create(image=predicted(one, model), reader=owner)

    fill()
    # session, person, patient, cases; points, readings, images of both, suggestions of both; the two shown: withheld,
    # predictions, readings; looks known and written; emergency access and notices
    with django_assert_num_queries(17):
        owner_client.get(asked(case, later))
    for _ in range(4):
        fill()
    with django_assert_num_queries(16):  # the looks are on record already
        owner_client.get(asked(case, later))


def difference(comparison: Comparison, name: str) -> float | None:
    return next(change.difference for change in comparison.changes if change.name == name)
