"""What is withheld until a doctor has read an image themselves."""

import pytest
from django.test import Client

from clinic.models import User
from diagnosis.models import (
    AssayPolicy,
    Case,
    Confirmation,
    Prediction,
    Reading,
    ReadingRequest,
    Report,
    RequestKind,
    RequestState,
    SlideImage,
)
from tests.factories import ImageFactory, PredictionFactory, ReadingFactory


@pytest.fixture
def prediction(case: Case) -> Prediction:
    return PredictionFactory.create(analysis__image=ImageFactory.create(case=case))


@pytest.fixture
def image(prediction: Prediction) -> SlideImage:
    return prediction.analysis.image


@pytest.fixture
def blinded(administrator: User) -> AssayPolicy:
    return AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)


def is_shown(prediction: Prediction, person: User) -> bool:
    return Prediction.objects.shown_to(person).filter(pk=prediction.pk).exists()


def ask_for_second_reading(image: SlideImage, *, of: User, by: User) -> ReadingRequest:
    return ReadingRequest.objects.create(image=image, kind=RequestKind.SECOND, asked_of=of, asked_by=by)


def test_without_a_rule_the_care_team_sees_the_suggestion(prediction: Prediction, owner: User, stranger: User) -> None:
    assert is_shown(prediction, owner)
    assert not is_shown(prediction, stranger)


@pytest.mark.usefixtures("blinded")
def test_a_blinded_doctor_sees_it_once_their_own_reading_is_stored(
    prediction: Prediction, image: SlideImage, owner: User, colleague: User
) -> None:
    assert not is_shown(prediction, owner)
    ReadingFactory.create(image=image, reader=owner)
    assert is_shown(prediction, owner)
    assert not is_shown(prediction, colleague)


@pytest.mark.usefixtures("blinded")
def test_the_other_assay_is_read_as_before(tissue_case: Case, owner: User) -> None:
    label = {"label": "Benign", "probabilities": {"Benign": 1.0, "Malignant": 0.0}}
    other = PredictionFactory.create(analysis__image__case=tissue_case, **label)
    assert is_shown(other, owner)


@pytest.mark.usefixtures("blinded")
def test_a_signed_case_withholds_nothing(prediction: Prediction, case: Case, owner: User, colleague: User) -> None:
    Report.objects.create(
        case=case, content={}, content_digest="0" * 64, signed_by=colleague, confirmed_by=Confirmation.PASSWORD
    )
    assert is_shown(prediction, owner)


def test_a_second_reader_sees_neither_suggestion_nor_first_reading_until_they_have_read(
    prediction: Prediction, image: SlideImage, owner: User, colleague: User
) -> None:
    first = ReadingFactory.create(image=image, reader=owner)
    request = ask_for_second_reading(image, of=colleague, by=owner)
    assert not is_shown(prediction, colleague)
    assert not Reading.objects.shown_to(colleague).exists()
    assert list(Reading.objects.shown_to(owner)) == [first]
    ReadingRequest.objects.filter(pk=request.pk).update(state=RequestState.DONE, closed_at=request.created_at)
    assert is_shown(prediction, colleague)
    assert list(Reading.objects.shown_to(colleague)) == [first]


@pytest.mark.usefixtures("blinded")
def test_counts_and_cards_give_nothing_away(prediction: Prediction, case: Case, owner_client: Client) -> None:
    for address in (f"/cases/{case.pk}/", f"/cases/{case.pk}/images/", f"/patients/{case.patient_id}/"):
        page = owner_client.get(address).content.decode()
        assert "malignant" not in page.lower(), address
    picture = f"/images/{prediction.analysis.image_id}"
    assert owner_client.get(f"{picture}/outline").status_code == 404
    assert owner_client.get(f"{picture}/map").status_code == 404


def test_a_reading_is_written_once(image: SlideImage) -> None:
    reading = ReadingFactory.create(image=image)
    with pytest.raises(Exception, match="Cannot update rows"):
        Reading.objects.filter(pk=reading.pk).update(label="Benign")


def test_a_reading_goes_with_the_record_alone(image: SlideImage) -> None:
    reading = ReadingFactory.create(image=image)
    with pytest.raises(Exception, match="Cannot delete rows"):
        Reading.objects.filter(pk=reading.pk).delete()
