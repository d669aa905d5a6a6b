"""Recording a reading: what a doctor says about an image, once and for good."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from clinic.models import AuditEvent, HoldKind, Role, User
from clinic.services.emergency_access import open_in_emergency
from clinic.services.holds import place_hold
from clinic.services.records import RecordRestricted
from diagnosis.models import (
    Answer,
    AssayPolicy,
    Case,
    ModelState,
    Prediction,
    Reading,
    ReadingRole,
    Reason,
    SlideImage,
    Verdict,
)
from diagnosis.selectors.reading_choices import CLASS, FITTING, choices_for
from diagnosis.services.openings import open_image
from diagnosis.services.readings import StaleReading
from tests.at_once import at_once
from tests.diagnosis.reading_help import drawn_image, record
from tests.factories import (
    AnalysisFactory,
    ModelVersionFactory,
    PredictionFactory,
    UserFactory,
    add_to_care_team,
)

SAID_TO_NOBODY = "a very private remark"


@pytest.fixture
def image(case: Case) -> SlideImage:
    return drawn_image(case)


@pytest.fixture
def prediction(image: SlideImage) -> Prediction:
    """It suggests the class Pre."""
    return PredictionFactory.create(analysis__image=image)


@pytest.fixture
def opened(image: SlideImage, prediction: Prediction, owner: User) -> SlideImage:
    """The image, before the owner, with a suggestion."""
    open_image(image=image, reader=owner)
    return image


@pytest.fixture
def blinded(administrator: User) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)


def refusal(error: "pytest.ExceptionInfo[ValidationError]") -> str:
    return " ".join(error.value.messages)


def test_it_records_what_was_said_and_what_was_seen(opened: SlideImage, prediction: Prediction, owner: User) -> None:
    reading = record(opened, owner, comment=SAID_TO_NOBODY)
    reading.refresh_from_db()
    assert (reading.answer, reading.label, reading.comment) == (Answer.AGREE, "Pre", SAID_TO_NOBODY)
    assert (reading.prediction, reading.was_blinded, reading.role) == (prediction, False, ReadingRole.FIRST)
    assert reading.opened_at == opened.openings.get().last_opened_at


def test_it_is_on_record_without_what_was_said(opened: SlideImage, owner: User) -> None:
    record(opened, owner, answer=Answer.ANOTHER_CLASS, label="Benign", reason=Reason.OTHER, comment=SAID_TO_NOBODY)
    event = AuditEvent.objects.get(action="reading.recorded")
    assert (event.actor, event.patient_id) == (owner, opened.case.patient_id)
    assert not {"Benign", SAID_TO_NOBODY, Reason.OTHER} & {str(value) for value in event.detail.values()}


def test_the_image_must_have_been_opened(image: SlideImage, prediction: Prediction, owner: User) -> None:
    with pytest.raises(ValidationError) as error:
        record(image, owner)
    assert refusal(error) == "Open the image before you read it."


def test_a_colleagues_look_is_not_ones_own(opened: SlideImage, colleague: User) -> None:
    with pytest.raises(ValidationError, match="Open the image"):
        record(opened, colleague)


def test_a_stranger_records_nothing(opened: SlideImage, stranger: User) -> None:
    with pytest.raises(PermissionDenied):
        record(opened, stranger)
    assert not Reading.objects.exists()


def test_somebody_who_is_no_doctor_any_more_records_nothing(opened: SlideImage, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(role=Role.AUDITOR)
    owner.refresh_from_db()
    with pytest.raises(PermissionDenied):
        record(opened, owner)


def test_a_restricted_record_takes_no_reading(opened: SlideImage, owner: User) -> None:
    place_hold(patient=opened.case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    with pytest.raises(RecordRestricted):
        record(opened, owner)


def test_a_withdrawn_image_takes_no_reading(opened: SlideImage, owner: User, colleague: User) -> None:
    SlideImage.objects.filter(pk=opened.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=colleague, withdrawal_reason="unusable"
    )
    with pytest.raises(ValidationError, match="withdrawn"):
        record(opened, owner)


def test_an_image_without_a_picture_gets_no_class(case: Case, owner: User) -> None:
    image = AnalysisFactory.create(image__case=case).image
    open_image(image=image, reader=owner)
    with pytest.raises(ValidationError, match="no picture"):
        record(image, owner, answer=Answer.OWN_CLASS)
    assert record(image, owner, answer=Answer.UNSUITABLE, label="", reason=Reason.ARTEFACT).result == "unsuitable"


@pytest.mark.parametrize(
    ("entries", "field", "sentence"),
    [
        ({"answer": ""}, "answer", "Choose what you see."),
        ({"answer": "benign"}, "answer", "Choose what you see."),
        ({"label": "Malignant"}, "label", "Choose one of the classes of this assay."),
        ({"label": ""}, "label", "Choose one of the classes of this assay."),
        ({"answer": Answer.CANNOT_TELL, "reason": Reason.FOCUS}, "label", "This answer takes no class."),
        ({"label": "Benign"}, "answer", "This answer does not fit what was suggested."),
        ({"answer": Answer.ANOTHER_CLASS, "reason": Reason.STAIN}, "answer", "does not fit what was suggested"),
        ({"answer": Answer.OWN_CLASS}, "answer", "This answer does not fit what was suggested."),
        ({"answer": Answer.CANNOT_TELL, "label": ""}, "reason", "Choose a reason."),
        ({"answer": Answer.ANOTHER_CLASS, "label": "Benign"}, "reason", "Choose a reason."),
        (
            {"answer": Answer.CANNOT_TELL, "label": "", "reason": Reason.WRONG_SPECIMEN},
            "reason",
            "This reason does not fit the answer.",
        ),
        ({"reason": Reason.FOCUS}, "reason", "This answer takes no reason."),
        (
            {"answer": Answer.UNSUITABLE, "label": "", "reason": Reason.OTHER},
            "comment",
            "Say what the other reason is.",
        ),
        ({"change_reason": "no"}, "change_reason", "There is no earlier reading of yours"),
        ({"comment": "x" * 2001}, "comment", "2000"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_entry(
    opened: SlideImage, owner: User, entries: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as error:
        record(opened, owner, **entries)
    assert sentence in " ".join(error.value.message_dict[field])
    assert not Reading.objects.exists()


@pytest.mark.parametrize("answer", FITTING)
def test_every_reason_that_is_offered_is_taken(opened: SlideImage, owner: User, answer: str) -> None:
    for reason in FITTING[answer]:
        reader = UserFactory.create()
        add_to_care_team(opened.case.patient, reader)
        open_image(image=opened, reader=reader)
        label = "Benign" if answer == Answer.ANOTHER_CLASS else ""
        assert record_alone(opened, reader, answer=answer, label=label, reason=reason)


def record_alone(image: SlideImage, reader: User, **entries: Any) -> bool:
    """On an image of its own, so that no other reading differs from it."""
    twin = drawn_image(image.case)
    PredictionFactory.create(analysis__image=twin, analysis__model_version=image.analyses.get().model_version)
    open_image(image=twin, reader=reader)
    return record(twin, reader, comment="said", **entries).pk is not None


@pytest.mark.parametrize(
    ("verdict", "label", "agrees"),
    [(Verdict.CONFIDENT, "Pre", True), (Verdict.REFER, "Pre", False), (Verdict.OUT_OF_SCOPE, "", False)],
)
def test_one_agrees_only_with_a_class_that_was_suggested(
    image: SlideImage, owner: User, verdict: Verdict, label: str, *, agrees: bool
) -> None:
    PredictionFactory.create(analysis__image=image, verdict=verdict, label=label)
    open_image(image=image, reader=owner)
    if agrees:
        assert record(image, owner).answer == Answer.AGREE
    else:
        with pytest.raises(ValidationError, match="does not fit"):
            record(image, owner)
        assert record(image, owner, answer=Answer.OWN_CLASS).answer == Answer.OWN_CLASS


def test_every_class_has_its_place_whatever_is_suggested(case: Case) -> None:
    plain = choices_for(case.get_assay(), suggested="")
    suggested = choices_for(case.get_assay(), suggested="Pre")
    assert [one.value for one in plain] == [one.value for one in suggested]
    assert [one.digit for one in plain] == [1, 2, 3, 4, 5, 6]
    assert [one.words for one in suggested if one.value == f"{CLASS}Pre"] == ["Agree: Pre"]
    assert not any("Agree" in one.words for one in plain)


def test_a_double_click_records_once(opened: SlideImage, owner: User) -> None:
    first = record(opened, owner, based_on=None)
    assert record(opened, owner, based_on=None) == first
    assert AuditEvent.objects.filter(action="reading.recorded").count() == 1


@pytest.mark.usefixtures("blinded")
def test_a_double_click_on_a_blinded_reading_records_once(opened: SlideImage, owner: User) -> None:
    """The second one comes when the suggestion is shown already."""
    first = record(opened, owner, answer=Answer.OWN_CLASS, based_on=None, shown=None)
    assert record(opened, owner, answer=Answer.AGREE, based_on=None, shown=None) == first


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_record_once(opened: SlideImage, owner: User, prediction: Prediction) -> None:
    found = at_once(*[lambda: record(opened, owner, based_on=None, shown=prediction.pk)] * 4)
    assert len({reading.pk for reading in found}) == 1
    assert Reading.objects.count() == 1


def test_another_tab_that_says_otherwise_is_refused_and_told_what_stands(opened: SlideImage, owner: User) -> None:
    first = record(opened, owner)
    with pytest.raises(StaleReading) as error:
        record(opened, owner, answer=Answer.ANOTHER_CLASS, label="Benign", reason=Reason.STAIN, based_on=None)
    assert error.value.recorded == first
    assert Reading.objects.count() == 1


def test_a_suggestion_that_changed_meanwhile_is_looked_at_first(opened: SlideImage, owner: User) -> None:
    newer = ModelVersionFactory.create(state=ModelState.RETIRED)
    PredictionFactory.create(analysis__image=opened, analysis__model_version=newer, label="Early")
    for seen in (None, Prediction.objects.earliest("created_at").pk):
        with pytest.raises(StaleReading, match="has changed"):
            record(opened, owner, shown=seen)


def test_a_correction_replaces_ones_own_reading_and_says_why(opened: SlideImage, owner: User) -> None:
    first = record(opened, owner)
    second = record(
        opened, owner, answer=Answer.ANOTHER_CLASS, label="Benign", reason=Reason.STAIN, change_reason="overlooked"
    )
    assert second.replaces == first
    assert list(Reading.objects.current()) == [second]
    assert AuditEvent.objects.get(action="reading.corrected").detail["replaces"] == str(first.pk)


def test_a_correction_without_a_reason_is_refused(opened: SlideImage, owner: User) -> None:
    record(opened, owner)
    with pytest.raises(ValidationError) as error:
        record(opened, owner, answer=Answer.ANOTHER_CLASS, label="Benign", reason=Reason.STAIN)
    assert error.value.message_dict == {"change_reason": ["Say why you change your reading."]}


def test_nobody_replaces_a_colleagues_reading(opened: SlideImage, owner: User, colleague: User) -> None:
    first = record(opened, owner)
    open_image(image=opened, reader=colleague)
    with pytest.raises(StaleReading):
        record(opened, colleague, based_on=first.pk, change_reason="no")


@pytest.mark.usefixtures("blinded")
def test_a_blinded_reading_says_so_and_a_changed_mind_is_a_second_one(
    opened: SlideImage, prediction: Prediction, owner: User
) -> None:
    first = record(opened, owner, answer=Answer.OWN_CLASS, label="Benign")
    assert (first.was_blinded, first.prediction) == (True, prediction)
    second = record(opened, owner, answer=Answer.AGREE, change_reason="the suggestion convinced me")
    assert (second.was_blinded, second.replaces, second.answer) == (False, first, Answer.AGREE)


@pytest.mark.usefixtures("blinded")
def test_nobody_agrees_with_what_they_have_not_seen(opened: SlideImage, owner: User) -> None:
    with pytest.raises(ValidationError, match="does not fit"):
        record(opened, owner, answer=Answer.AGREE)


def test_an_emergency_may_read(opened: SlideImage, stranger: User) -> None:
    open_in_emergency_for(stranger, opened)
    open_image(image=opened, reader=stranger)
    assert record(opened, stranger).role == ReadingRole.FIRST


def open_in_emergency_for(doctor: User, image: SlideImage) -> None:
    patient = image.case.patient
    open_in_emergency(
        doctor=doctor,
        record_number=patient.record_number,
        family_name=patient.family_name,
        reason="Brought in unconscious at night.",
    )
