"""The reading panel of an image's page, by plain forms."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import Erasure, ErasureReason, ErasureState, Patient, User
from clinic.services.care_teams import leave_care_team
from diagnosis.models import (
    Case,
    ImageOpening,
    Prediction,
    Reading,
    ReadingDraft,
    ReadingRequest,
    SlideImage,
    Verdict,
)
from diagnosis.services import file_store
from diagnosis.services.erasure import carry_out_erasure, request_erasure
from diagnosis.services.merging import merge_records
from diagnosis.services.openings import open_image
from diagnosis.services.reading_drafts import DraftEntries, save_draft
from diagnosis.services.reading_requests import ask_second_reader
from tests.diagnosis.reading_help import drawn_image, read
from tests.factories import ImageFactory, PatientFactory, PredictionFactory, UserFactory, add_to_care_team, drawn_png


@pytest.fixture
def image(case: Case) -> SlideImage:
    return drawn_image(case)


@pytest.fixture
def prediction(image: SlideImage) -> Prediction:
    return PredictionFactory.create(analysis__image=image)


def page_of(client: Client, image: SlideImage) -> str:
    return client.get(f"/images/{image.pk}/").content.decode()


def send(client: Client, image: SlideImage, **entries: Any) -> Any:
    return client.post(f"/images/{image.pk}/reading/", {"choice": "class:Pre", **entries})


def test_nothing_is_chosen_beforehand_and_every_class_is_offered(
    owner_client: Client, image: SlideImage, prediction: Prediction
) -> None:
    page = page_of(owner_client, image)
    assert "checked>" not in page.split('id="reading-panel"')[1].split("</form>")[0]
    for words in ("Benign", "Early", "Agree: Pre", "Pro", "Cannot tell", "Unsuitable image"):
        assert f"<span>{words}</span>" in page


@pytest.mark.parametrize(("verdict", "label"), [(Verdict.REFER, "Pre"), (Verdict.OUT_OF_SCOPE, "")])
def test_where_no_class_is_suggested_none_can_be_agreed_with(
    owner_client: Client, image: SlideImage, verdict: Verdict, label: str
) -> None:
    PredictionFactory.create(analysis__image=image, verdict=verdict, label=label)
    page = page_of(owner_client, image)
    assert "Agree:" not in page
    assert "<span>Pre</span>" in page


def test_it_is_recorded_and_shown(owner_client: Client, owner: User, image: SlideImage, prediction: Prediction) -> None:
    page_of(owner_client, image)
    answer = send(owner_client, image, shown=prediction.pk, comment="<script>alert(1)</script>", reader=owner.pk)
    assert answer["Location"] == f"/images/{image.pk}/"
    page = page_of(owner_client, image)
    assert "agrees with the suggestion" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Correct my reading" in page


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"choice": ""}, "Choose what you see."),
        ({"choice": "class:Unheard"}, "Choose one of these."),
        ({"choice": "cannot_tell"}, "Choose a reason."),
        ({"choice": "cannot_tell", "reason": "nonsense"}, "Choose one of these."),
        ({"comment": "x" * 2001}, "The comment is too long: 2001 of 2000 characters."),
        ({"shown": ""}, "What is suggested for this image has changed"),
        ({"based_on": "not an id"}, "Enter a valid UUID."),
        ({"reader": "4d7e1f0a-0000-4000-8000-000000000000"}, "opened by somebody else"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    owner_client: Client, image: SlideImage, prediction: Prediction, entries: dict[str, str], sentence: str
) -> None:
    page_of(owner_client, image)
    answer = send(owner_client, image, **({"comment": "kept words", "shown": prediction.pk} | entries))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert entries.get("comment", "kept words") in page
    assert not Reading.objects.exists()


def test_a_script_gets_the_panel_alone_or_where_to_go_on(
    owner_client: Client, image: SlideImage, prediction: Prediction, case: Case
) -> None:
    following = drawn_image(case)
    page_of(owner_client, image)
    as_script = {"Accept": "application/json"}
    address = f"/images/{image.pk}/reading/"
    refused = owner_client.post(address, {"choice": "", "shown": prediction.pk}, headers=as_script)
    assert refused.status_code == 400
    assert "<html" not in refused.content.decode()
    answer = owner_client.post(
        address, {"choice": "class:Pre", "shown": prediction.pk, "then": "next"}, headers=as_script
    )
    assert answer.json()["address"] == f"/images/{following.pk}/"


def test_after_the_last_one_it_goes_to_the_case(
    owner_client: Client, owner: User, image: SlideImage, case: Case
) -> None:
    read(drawn_image(case), owner)
    page_of(owner_client, image)
    answer = owner_client.post(f"/images/{image.pk}/reading/", {"choice": "class:Pre", "then": "next"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/cases/{case.pk}/"
    assert "No other image of this case waits for your reading." in answer.content.decode()


def test_a_replaced_reading_stays_struck(owner_client: Client, owner: User, image: SlideImage) -> None:
    first = read(image, owner, comment="first words")
    page_of(owner_client, image)
    send(owner_client, image, choice="class:Benign", based_on=first.pk, change_reason="seen better")
    page = page_of(owner_client, image)
    assert "<s>first words</s>" in page
    assert "Replaced on" in page
    assert "Changed because: seen better" in page


def test_the_case_says_how_far_it_is_read(
    owner_client: Client, owner: User, colleague: User, image: SlideImage, case: Case
) -> None:
    second, third, fourth = (drawn_image(case) for _ in range(3))
    read(image, owner)
    read(second, colleague)
    for reader, label in ((owner, "Pre"), (colleague, "Benign")):
        read(third, reader, label)
    page = owner_client.get(f"/cases/{case.pk}/").content.decode()
    for words in ("3 of 4 read", "Read by you", "Read by a colleague", "Readings differ", "Not read"):
        assert words in page, words
    assert f'id="read-next" href="/images/{fourth.pk}/"' in page


def test_the_list_is_renewed_when_something_was_read(
    owner_client: Client, owner: User, image: SlideImage, case: Case
) -> None:
    address = f"/cases/{case.pk}/images/"
    seen = owner_client.get(address).context["seen"]
    assert owner_client.get(address, {"seen": seen}).status_code == 204
    read(image, owner)
    assert owner_client.get(address, {"seen": seen}).status_code == 200


def test_a_colleague_is_asked_and_declines(
    web: Callable[[str], Client], owner: User, colleague: User, image: SlideImage
) -> None:
    read(image, owner)
    web("owner").post(f"/images/{image.pk}/second-reader/", {"doctor": colleague.pk})
    request = ReadingRequest.objects.get()
    assert "asks you for a second reading" in page_of(web("colleague"), image)
    empty = web("colleague").post(f"/reading-requests/{request.pk}/decline/", {"reason": ""}, follow=True)
    assert "Say in a sentence why." in empty.content.decode()
    web("colleague").post(f"/reading-requests/{request.pk}/decline/", {"reason": "I know the patient."})
    assert "declined the second reading: I know the patient." in page_of(web("owner"), image)


def test_with_two_doctors_who_differ_the_page_says_that_a_third_is_needed(
    owner_client: Client, owner: User, colleague: User, image: SlideImage
) -> None:
    read(image, owner)
    read(image, colleague, "Benign")
    assert "A third doctor has to adjudicate" in page_of(owner_client, image)


def test_whoever_left_the_team_does_not_see_the_request(
    web: Callable[[str], Client], owner: User, colleague: User, image: SlideImage
) -> None:
    read(image, owner)
    request = ask_second_reader(image=image, asked_of=colleague, asked_by=owner)
    leave_care_team(patient=image.case.patient, doctor=colleague)
    assert web("colleague").post(f"/reading-requests/{request.pk}/decline/", {"reason": "x"}).status_code == 404
    assert "is not on the care team any more" in page_of(web("owner"), image)


def test_it_takes_as_many_queries_for_many_images_as_for_one(
    owner_client: Client, owner: User, case: Case, django_assert_num_queries: Callable[[int], Any]
) -> None:
    read(drawn_image(case), owner)
    address = f"/cases/{case.pk}/images/"
    owner_client.get(address)
    with django_assert_num_queries(11) as once:
        owner_client.get(address)
    for _ in range(20):
        read(drawn_image(case), owner)
    with django_assert_num_queries(len(once)):
        owner_client.get(address)


def test_readings_drafts_openings_and_requests_go_with_the_record(
    owner: User, colleague: User, administrator: User, image: SlideImage, settings: Any
) -> None:
    first = read(image, owner)
    open_image(image=image, reader=owner)
    save_draft(image=image, reader=owner, entries=DraftEntries(comment="half"), seen="")
    ask_second_reader(image=image, asked_of=colleague, asked_by=owner)
    settings.RECORD_RETENTION_YEARS = 0
    patient = image.case.patient
    erasure = request_erasure(patient=patient, reason=ErasureReason.BY_MISTAKE, requested_by=owner)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert Erasure.objects.get().state == ErasureState.CARRIED_OUT
    for table in (Reading, ReadingDraft, ImageOpening, ReadingRequest):
        assert not table._default_manager.exists(), (table, first)


def test_readings_come_along_when_records_are_merged(owner: User, image: SlideImage) -> None:
    reading = read(image, owner)
    kept: Patient = PatientFactory.create(created_by=owner)
    add_to_care_team(kept, owner)
    merge_records(kept=kept, merged=image.case.patient, merged_by=owner)
    assert list(Reading.objects.visible_to(owner)) == [reading]
    image.refresh_from_db()
    image.case.refresh_from_db()
    stranger = UserFactory.create()
    assert not Reading.objects.visible_to(stranger).exists()


def test_a_program_records_what_it_has_opened(
    api: Callable[[str], APIClient], image: SlideImage, prediction: Prediction, owner: User
) -> None:
    program = api("owner")
    body = {"image": str(image.pk), "answer": "agree", "label": "Pre", "prediction": str(prediction.pk)}
    assert program.post("/api/v1/readings/", body, format="json").status_code == 400
    open_image(image=image, reader=owner)
    stale = program.post("/api/v1/readings/", {**body, "prediction": None}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    made = program.post("/api/v1/readings/", body, format="json")
    assert (made.status_code, made.json()["is_current"]) == (201, True)
    assert program.post("/api/v1/readings/", body, format="json").json()["id"] == made.json()["id"]
    assert program.get(made.json()["url"]).json()["answer"] == "agree"
    assert len(program.get(f"/api/v1/readings/?image={image.pk}").json()["results"]) == 1


def test_getting_the_display_file_is_opening_the_image(
    api: Callable[[str], APIClient], case: Case, owner: User
) -> None:
    image = ImageFactory.create(case=case, display_sha256=file_store.put(drawn_png()))
    assert api("owner").get(f"/api/v1/images/{image.pk}/files/display/").status_code == 200
    assert ImageOpening.objects.get(image=image).reader == owner
