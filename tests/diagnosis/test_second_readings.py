"""Asking a colleague to read an image too, and what happens when two readings differ."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.models import AuditEvent, HoldKind, Patient, User
from clinic.services.care_teams import leave_care_team
from clinic.services.emergency_access import open_in_emergency
from clinic.services.holds import place_hold
from clinic.services.records import RecordRestricted
from diagnosis.models import (
    AssayPolicy,
    Case,
    Prediction,
    Reading,
    ReadingRequest,
    ReadingRole,
    RequestKind,
    RequestState,
    SlideImage,
)
from diagnosis.selectors.outcomes import Standing, outcome_of_image
from diagnosis.selectors.reading_desk import desk_of
from diagnosis.services.openings import open_image
from diagnosis.services.reading_requests import (
    ask_second_reader,
    ask_second_reader_of_case,
    decline_request,
    hand_back_adjudication,
    name_adjudicator,
    take_adjudication,
    withdraw_request,
)
from tests.diagnosis.reading_help import drawn_image, read, record
from tests.factories import PredictionFactory, UserFactory, add_to_care_team


@pytest.fixture
def image(case: Case, owner: User) -> SlideImage:
    """An image that the owner has read as Pre."""
    image = drawn_image(case)
    read(image, owner)
    return image


@pytest.fixture
def third(patient: Patient) -> User:
    """A third doctor on the care team."""
    person = UserFactory.create(full_name="Theo Third")
    add_to_care_team(patient, person)
    return person


def adjudication(image: SlideImage) -> ReadingRequest:
    return ReadingRequest.objects.get(image=image, kind=RequestKind.ADJUDICATION)


def ask(image: SlideImage, of: User, by: User) -> ReadingRequest:
    return ask_second_reader(image=image, asked_of=of, asked_by=by)


def test_a_second_reading_is_asked_for_read_and_done(image: SlideImage, owner: User, colleague: User) -> None:
    request = ask(image, colleague, owner)
    reading = read(image, colleague)
    request.refresh_from_db()
    assert (reading.role, reading.was_blinded) == (ReadingRole.SECOND, True)
    assert request.state == RequestState.DONE
    assert AuditEvent.objects.filter(action="reading_request.made", patient_id=image.case.patient_id).count() == 1


def test_asking_twice_is_asking_once(image: SlideImage, owner: User, colleague: User) -> None:
    assert ask(image, colleague, owner) == ask(image, colleague, owner)
    assert ReadingRequest.objects.count() == 1


def test_one_colleague_at_a_time(image: SlideImage, owner: User, colleague: User, third: User) -> None:
    ask(image, colleague, owner)
    with pytest.raises(ValidationError, match="asked for already"):
        ask(image, third, owner)


def test_one_reads_before_one_asks(case: Case, owner: User, colleague: User) -> None:
    with pytest.raises(ValidationError, match="Read the image yourself"):
        ask(drawn_image(case), colleague, owner)


def test_only_who_could_read_it_can_be_asked(image: SlideImage, owner: User, colleague: User, stranger: User) -> None:
    deactivated = UserFactory.create(is_active=False)
    add_to_care_team(image.case.patient, deactivated)
    read(image, colleague)
    for person in (stranger, deactivated, owner, colleague):
        with pytest.raises(ValidationError, match="has not read this image"):
            ask(image, person, owner)


def test_the_whole_case_is_asked_for_as_far_as_it_fits(
    image: SlideImage, case: Case, owner: User, colleague: User, third: User
) -> None:
    other, unread, read_by_colleague, asked = (drawn_image(case) for _ in range(4))
    for one in (other, read_by_colleague, asked):
        read(one, owner)
    read(read_by_colleague, colleague)
    ask(asked, third, owner)
    made = ask_second_reader_of_case(case=case, asked_of=colleague, asked_by=owner)
    assert {request.image_id for request in made} == {image.pk, other.pk}
    assert not ReadingRequest.objects.filter(image=unread).exists()


def test_an_emergency_asks_nobody_and_adjudicates_nothing(
    image: SlideImage, owner: User, colleague: User, stranger: User
) -> None:
    patient = image.case.patient
    open_in_emergency(
        doctor=stranger,
        record_number=patient.record_number,
        family_name=patient.family_name,
        reason="Brought in unconscious at night.",
    )
    with pytest.raises(PermissionDenied):
        ask(image, colleague, stranger)
    read(image, colleague, "Benign")
    with pytest.raises(PermissionDenied):
        take_adjudication(request=adjudication(image), taken_by=stranger)
    assert read(image, stranger).role == ReadingRole.FIRST


def test_a_restricted_record_asks_for_nothing(image: SlideImage, owner: User, colleague: User) -> None:
    place_hold(patient=image.case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    with pytest.raises(RecordRestricted):
        ask(image, colleague, owner)


def test_the_asker_withdraws_and_may_ask_another(image: SlideImage, owner: User, colleague: User, third: User) -> None:
    request = ask(image, colleague, owner)
    with pytest.raises(PermissionDenied):
        withdraw_request(request=request, withdrawn_by=third)
    assert withdraw_request(request=request, withdrawn_by=owner).state == RequestState.WITHDRAWN
    assert ask(image, third, owner).state == RequestState.OPEN


def test_a_request_that_can_be_read_no_more_is_withdrawn_by_anybody_on_the_team(
    image: SlideImage, owner: User, colleague: User, third: User
) -> None:
    request = ask(image, colleague, owner)
    leave_care_team(patient=image.case.patient, doctor=colleague)
    assert not desk_of(image, person=third).second_can_be_read
    assert withdraw_request(request=request, withdrawn_by=third).state == RequestState.WITHDRAWN


def test_a_deactivated_colleague_is_not_waited_for(
    image: SlideImage, owner: User, colleague: User, third: User
) -> None:
    request = ask(image, colleague, owner)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert withdraw_request(request=request, withdrawn_by=third).state == RequestState.WITHDRAWN


def test_the_asked_declines_with_a_sentence_that_the_asker_reads(
    image: SlideImage, owner: User, colleague: User
) -> None:
    request = ask(image, colleague, owner)
    with pytest.raises(ValidationError):
        decline_request(request=request, declined_by=colleague, reason="  ")
    with pytest.raises(PermissionDenied):
        decline_request(request=request, declined_by=owner, reason="not mine to decline")
    decline_request(request=request, declined_by=colleague, reason="I know the patient.")
    declined = desk_of(image, person=owner).declined
    assert declined is not None
    assert declined.decline_reason == "I know the patient."
    assert "I know" not in str([event.detail for event in AuditEvent.objects.all()])


def test_what_is_closed_stays_closed(image: SlideImage, owner: User, colleague: User) -> None:
    request = ask(image, colleague, owner)
    withdraw_request(request=request, withdrawn_by=owner)
    with pytest.raises(ValidationError, match="closed already"):
        decline_request(request=request, declined_by=colleague, reason="too late")


def test_readings_that_differ_wait_for_an_adjudicator(image: SlideImage, colleague: User) -> None:
    read(image, colleague, "Benign")
    request = adjudication(image)
    assert (request.state, request.asked_of, request.asked_by) == (RequestState.OPEN, None, None)


def test_readings_that_say_the_same_do_not(image: SlideImage, colleague: User) -> None:
    read(image, colleague)
    assert not ReadingRequest.objects.exists()


def test_the_adjudicator_takes_it_on_reads_and_leads(image: SlideImage, colleague: User, third: User) -> None:
    read(image, colleague, "Benign")
    with pytest.raises(ValidationError, match="Take the adjudication on"):
        read(image, third, "Early")
    take_adjudication(request=adjudication(image), taken_by=third)
    assert read(image, third, "Early").role == ReadingRole.ADJUDICATION
    assert adjudication(image).state == RequestState.DONE
    outcome = outcome_of_image(Reading.objects.current().filter(image=image))
    assert (outcome.standing, outcome.result) == (Standing.SETTLED, "Early")


def test_the_adjudicator_of_a_blinded_assay_sees_both_readings_and_the_suggestion(
    case: Case, owner: User, colleague: User, third: User, administrator: User
) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    image = PredictionFactory.create(analysis__image=drawn_image(case)).analysis.image
    read(image, owner)
    read(image, colleague, "Benign")
    assert not desk_of(image, person=third).others
    take_adjudication(request=adjudication(image), taken_by=third)
    desk = desk_of(image, person=third)
    assert {reading.label for reading in desk.others} == {"Pre", "Benign"}
    assert desk.suggestion is not None
    assert Prediction.objects.shown_to(third).exists()
    open_image(image=image, reader=third)
    assert record(image, third).was_blinded is False


def test_whoever_has_read_it_does_not_adjudicate(image: SlideImage, owner: User, colleague: User) -> None:
    read(image, colleague, "Benign")
    for person in (owner, colleague):
        with pytest.raises(ValidationError, match="has not read the image"):
            take_adjudication(request=adjudication(image), taken_by=person)


def test_one_adjudicator_at_a_time(image: SlideImage, colleague: User, third: User, patient: Patient) -> None:
    fourth = UserFactory.create()
    add_to_care_team(patient, fourth)
    read(image, colleague, "Benign")
    take_adjudication(request=adjudication(image), taken_by=third)
    take_adjudication(request=adjudication(image), taken_by=third)
    with pytest.raises(ValidationError, match="taken this adjudication on already"):
        take_adjudication(request=adjudication(image), taken_by=fourth)
    hand_back_adjudication(request=adjudication(image), handed_back_by=third)
    take_adjudication(request=adjudication(image), taken_by=fourth)
    assert adjudication(image).asked_of == fourth


def test_an_adjudicator_who_left_is_not_waited_for(
    image: SlideImage, colleague: User, third: User, patient: Patient
) -> None:
    fourth = UserFactory.create()
    add_to_care_team(patient, fourth)
    read(image, colleague, "Benign")
    take_adjudication(request=adjudication(image), taken_by=third)
    leave_care_team(patient=patient, doctor=third)
    take_adjudication(request=adjudication(image), taken_by=fourth)
    assert read(image, fourth).role == ReadingRole.ADJUDICATION


def test_an_adjudicator_is_asked_by_name(image: SlideImage, owner: User, colleague: User, third: User) -> None:
    read(image, colleague, "Benign")
    with pytest.raises(ValidationError, match="has not read the image"):
        name_adjudicator(request=adjudication(image), named=colleague, named_by=owner)
    name_adjudicator(request=adjudication(image), named=third, named_by=owner)
    assert (adjudication(image).asked_of, adjudication(image).asked_by) == (third, owner)
    assert read(image, third).role == ReadingRole.ADJUDICATION


def test_a_correction_that_ends_the_difference_ends_the_adjudication(
    image: SlideImage, owner: User, colleague: User
) -> None:
    read(image, colleague, "Benign")
    record(image, owner, answer="own_class", label="Benign", change_reason="seen better")
    assert adjudication(image).state == RequestState.WITHDRAWN


def test_a_correction_that_makes_a_difference_opens_one(image: SlideImage, owner: User, colleague: User) -> None:
    read(image, colleague)
    record(image, owner, answer="own_class", label="Benign", change_reason="seen better")
    assert adjudication(image).state == RequestState.OPEN


def test_with_two_doctors_the_desk_says_that_there_is_nobody_left(
    image: SlideImage, owner: User, colleague: User
) -> None:
    read(image, colleague, "Benign")
    desk = desk_of(image, person=owner)
    assert desk.adjudication_is_free
    assert not desk.colleagues


def test_a_stranger_to_the_patient_does_nothing(
    image: SlideImage, owner: User, colleague: User, stranger: User
) -> None:
    request = ask(image, colleague, owner)
    with pytest.raises(PermissionDenied):
        ask(image, colleague, stranger)
    with pytest.raises(PermissionDenied):
        withdraw_request(request=request, withdrawn_by=stranger)
    with pytest.raises(PermissionDenied):
        decline_request(request=request, declined_by=stranger, reason="no")
