"""What is entered but not recorded is kept on the server, for the doctor who entered it."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent, HoldKind, User
from clinic.services.holds import place_hold
from diagnosis.models import Case, Reading, ReadingDraft, SlideImage
from diagnosis.services.reading_drafts import DraftEntries, save_draft, version_of
from tests.diagnosis.reading_help import drawn_image, read
from tests.factories import UserFactory

WORDS = {"choice": "class:Pre", "reason": "", "comment": " half a sentence ", "change_reason": ""}


@pytest.fixture
def image(case: Case) -> SlideImage:
    return drawn_image(case)


def save(client: Client, image: SlideImage, reader: User, **entries: str) -> Any:
    return client.post(f"/images/{image.pk}/reading/draft/", {**WORDS, "reader": str(reader.pk), "seen": "", **entries})


def test_it_is_kept_as_it_was_entered_and_offered_again(owner_client: Client, owner: User, image: SlideImage) -> None:
    answer = save(owner_client, image, owner).json()
    draft = ReadingDraft.objects.get()
    assert (draft.choice, draft.comment) == ("class:Pre", " half a sentence ")
    assert answer["seen"] == version_of(draft)
    assert answer["words"].startswith("Draft saved")
    page = owner_client.get(f"/images/{image.pk}/").content.decode()
    assert "half a sentence" in page
    assert "This is your draft of" in page
    assert 'value="class:Pre" data-digit="3" data-reasons="" autocomplete="off" checked' in page


def test_nobody_else_sees_it(owner_client: Client, owner: User, colleague: User, image: SlideImage) -> None:
    save(owner_client, image, owner)
    client = Client()
    client.force_login(colleague)
    assert "half a sentence" not in client.get(f"/images/{image.pk}/").content.decode()


def test_many_keys_leave_one_row_in_the_trail_without_the_words(
    owner_client: Client, owner: User, image: SlideImage
) -> None:
    for number in range(3):
        save(owner_client, image, owner, comment=f"very private {number}")
    event = AuditEvent.objects.get(action="reading.drafted")
    assert "private" not in json.dumps(event.detail)


def test_the_last_one_wins_and_the_other_tab_is_told(owner_client: Client, owner: User, image: SlideImage) -> None:
    first = save(owner_client, image, owner).json()
    assert not first["was_changed_elsewhere"]
    assert not save(owner_client, image, owner, seen=first["seen"]).json()["was_changed_elsewhere"]
    other = save(owner_client, image, owner, comment="from the other tab", seen=first["seen"]).json()
    assert other["was_changed_elsewhere"]
    assert ReadingDraft.objects.get().comment == "from the other tab"


def test_emptied_entries_leave_no_draft(owner_client: Client, owner: User, image: SlideImage) -> None:
    save(owner_client, image, owner)
    assert save(owner_client, image, owner, choice="", comment="  ").json()["seen"] == ""
    assert not ReadingDraft.objects.exists()


def test_what_is_too_long_is_said_and_the_kept_draft_stays(
    owner_client: Client, owner: User, image: SlideImage
) -> None:
    save(owner_client, image, owner)
    answer = save(owner_client, image, owner, comment="x" * 2001)
    assert (answer.status_code, answer.json()) == (400, {"sentence": "Not saved: what you entered is too long."})
    assert ReadingDraft.objects.get().comment == WORDS["comment"]


def test_line_ends_are_counted_as_the_browser_counts_them(owner_client: Client, owner: User, image: SlideImage) -> None:
    assert save(owner_client, image, owner, comment="\r\n".join("x" * 1000)).status_code == 200


def test_the_words_of_one_doctor_are_never_kept_as_anothers(
    owner_client: Client, owner: User, image: SlideImage
) -> None:
    """On a shared computer somebody else may have signed in in another tab."""
    answer = save(owner_client, image, UserFactory.create())
    assert (answer.status_code, answer.json()["sentence"]) == (409, "Not saved: somebody else is signed in now.")
    assert not ReadingDraft.objects.exists()


def test_a_withdrawn_image_keeps_the_draft_and_says_so(
    owner_client: Client, owner: User, colleague: User, image: SlideImage
) -> None:
    save(owner_client, image, owner)
    SlideImage.objects.filter(pk=image.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=colleague, withdrawal_reason="unusable"
    )
    answer = save(owner_client, image, owner, comment="more")
    assert answer.status_code == 409
    assert "What you had entered before is kept." in answer.json()["sentence"]
    page = owner_client.get(f"/images/{image.pk}/").content.decode()
    assert "This image was withdrawn from the case" in page
    assert "half a sentence" in page


def test_a_restricted_record_takes_no_draft(owner_client: Client, owner: User, image: SlideImage) -> None:
    place_hold(patient=image.case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    assert save(owner_client, image, owner).status_code == 409


def test_recording_ends_it(owner: User, image: SlideImage) -> None:
    save_draft(image=image, reader=owner, entries=DraftEntries(comment="half"), seen="")
    read(image, owner)
    assert not ReadingDraft.objects.exists()


def test_it_can_be_thrown_away_twice(owner_client: Client, owner: User, image: SlideImage) -> None:
    save(owner_client, image, owner)
    for _ in range(2):
        owner_client.post(f"/images/{image.pk}/reading/draft/discard/")
    assert not ReadingDraft.objects.exists()
    assert AuditEvent.objects.filter(action="reading.draft_discarded").count() == 1
    assert not Reading.objects.exists()


def test_a_session_that_ended_is_sent_to_the_sign_in(client: Client, owner: User, image: SlideImage) -> None:
    assert save(client, image, owner).status_code == 302


def test_whoever_signed_in_again_elsewhere_gets_a_token_that_works(owner: User, image: SlideImage) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert save(client, image, owner).status_code == 403
    token = client.get(f"/images/{image.pk}/reading/draft/").json()["token"]
    assert save(client, image, owner, csrfmiddlewaretoken=token).status_code == 200
