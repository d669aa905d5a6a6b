"""Withdrawing an image, and putting it back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from clinic.models import AuditEvent, HoldKind, User
from clinic.services.holds import lift_hold, place_hold
from diagnosis.models import (
    Analysis,
    AnalysisState,
    Case,
    CaseStanding,
    Confirmation,
    ModelVersion,
    Report,
    SlideImage,
    WithdrawalReason,
)
from diagnosis.services import analysis_queue
from diagnosis.services.uploads import UploadRefused, accept_image
from diagnosis.services.withdrawing import restore_image, withdraw_image
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory, ReadingFactory, upload

WRONG = WithdrawalReason.WRONG_PATIENT


@pytest.fixture
def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)


@pytest.fixture
def image(waiting: Analysis) -> SlideImage:
    return waiting.image


def state(analysis: Analysis) -> str:
    analysis.refresh_from_db()
    return analysis.state


def sign(case: Case, person: User) -> Report:
    return Report.objects.create(
        case=case,
        version=case.reports.count() + 1,
        content={},
        content_digest="0" * 64,
        amendment_reason="more is known" if case.reports.exists() else "",
        signed_by=person,
        confirmed_by=Confirmation.PASSWORD,
    )


def test_it_says_who_when_and_why_and_stays(image: SlideImage, owner: User) -> None:
    withdrawn = withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    assert withdrawn.withdrawn_at is not None
    assert (withdrawn.withdrawn_by, withdrawn.withdrawal_reason) == (owner, WRONG)
    event = AuditEvent.objects.get(action="image.withdrawn")
    assert (event.subject_id, event.detail) == (str(image.pk), {"reason": "wrong_patient"})


def test_what_waits_is_cancelled_and_queued_again_when_it_is_put_back(
    waiting: Analysis, image: SlideImage, model: ModelVersion, owner: User
) -> None:
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    assert state(waiting) == AnalysisState.CANCELLED
    assert analysis_queue.claim(model_version_id=model.pk) is None
    restored = restore_image(image=image, restored_by=owner)
    assert (restored.withdrawn_at, restored.withdrawn_by, restored.withdrawal_reason) == (None, None, "")
    assert state(waiting) == AnalysisState.QUEUED
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert AuditEvent.objects.filter(action="image.restored").count() == 1


def test_what_runs_meanwhile_ends_and_is_not_tried_again(
    waiting: Analysis, image: SlideImage, model: ModelVersion, owner: User
) -> None:
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    analysis_queue.give_back(claim)
    assert state(waiting) == AnalysisState.QUEUED
    assert analysis_queue.claim(model_version_id=model.pk) is None
    restore_image(image=image, restored_by=owner)
    assert analysis_queue.claim(model_version_id=model.pk) is not None


def test_a_failed_analysis_of_it_is_not_retried(waiting: Analysis, image: SlideImage, owner: User) -> None:
    analysis_queue.claim(model_version_id=waiting.model_version_id)
    analysis_queue.finish([waiting.pk], state=AnalysisState.FAILED, code="x", message="y")
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    with pytest.raises(ValidationError, match="withdrawn"):
        analysis_queue.retry(analysis=waiting, retried_by=owner)


def test_it_counts_nowhere(owner_client: Client, image: SlideImage, model: ModelVersion, owner: User) -> None:
    prediction = PredictionFactory.create(
        analysis__image=ImageFactory.create(case=image.case), analysis__model_version=model
    )
    for one in (image, prediction.analysis.image):
        withdraw_image(image=one, withdrawn_by=owner, reason=WRONG)
    standing = CaseStanding.objects.get(case=image.case_id)
    assert (standing.images, standing.pending, standing.unread, standing.confident) == (0, 0, 0, 0)
    page = owner_client.get(f"/cases/{image.case_id}/").content.decode()
    assert "0 images" in page
    assert page.count("It shows another patient's specimen".replace("'", "&#x27;")) == 2
    assert "in progress" not in page
    assert "malignant" not in page.lower()
    history = owner_client.get(f"/patients/{image.case.patient_id}/").content.decode()
    assert "malignant" not in history.lower()


def test_a_case_is_signed_without_it(case: Case, image: SlideImage, owner: User) -> None:
    other = ImageFactory.create(case=case)
    ReadingFactory.create(image=other, reader=owner)
    assert CaseStanding.objects.get(case=case).stage == "open"
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    assert CaseStanding.objects.get(case=case).stage == "to_sign"


def test_withdrawing_or_putting_back_past_a_report_makes_an_amendment_due(case: Case, owner: User) -> None:
    first, second = ImageFactory.create_batch(2, case=case)
    for one in (first, second):
        ReadingFactory.create(image=one, reader=owner)
    sign(case, owner)
    withdraw_image(image=first, withdrawn_by=owner, reason=WRONG)
    assert CaseStanding.objects.get(case=case).stage == "to_sign"
    restore_image(image=first, restored_by=owner)  # at once: nothing is other than what was signed
    assert CaseStanding.objects.get(case=case).stage == "done"
    withdraw_image(image=first, withdrawn_by=owner, reason=WRONG)
    sign(case, owner)
    assert CaseStanding.objects.get(case=case).stage == "done"
    restore_image(image=first, restored_by=owner)
    assert CaseStanding.objects.get(case=case).stage == "to_sign"


def test_the_same_bytes_sent_again_are_refused_with_the_way_back(case: Case, model: ModelVersion, owner: User) -> None:
    accepted = accept_image(case=case, uploaded_by=owner, file=upload())
    withdraw_image(image=accepted.analysis.image, withdrawn_by=owner, reason=WRONG)
    with pytest.raises(UploadRefused, match="put it back"):
        accept_image(case=case, uploaded_by=owner, file=upload())
    assert case.images.get().withdrawn_at is not None


def test_twice_is_once(image: SlideImage, owner: User) -> None:
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    with pytest.raises(ValidationError, match="withdrawn already"):
        withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    restore_image(image=image, restored_by=owner)
    with pytest.raises(ValidationError, match="not withdrawn"):
        restore_image(image=image, restored_by=owner)


def test_strangers_do_neither(image: SlideImage, stranger: User, owner: User) -> None:
    with pytest.raises(PermissionDenied):
        withdraw_image(image=image, withdrawn_by=stranger, reason=WRONG)
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    with pytest.raises(PermissionDenied):
        restore_image(image=image, restored_by=stranger)


def test_a_restricted_record_lets_it_be_withdrawn_and_not_put_back(image: SlideImage, owner: User) -> None:
    patient = image.case.patient
    hold = place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    with pytest.raises(ValidationError, match="restricted"):
        restore_image(image=image, restored_by=owner)
    lift_hold(hold=hold, reason="asked", lifted_by=owner)
    restore_image(image=image, restored_by=owner)


def test_the_page_asks_why_and_says_what_it_does(owner_client: Client, image: SlideImage) -> None:
    address = f"/images/{image.pk}/withdraw/"
    assert f"{address}" in owner_client.get(f"/images/{image.pk}/").content.decode()
    assert address in owner_client.get(f"/cases/{image.case_id}/").content.decode()
    assert "can be put back at any time" in owner_client.get(address).content.decode()
    for reason in ("", "because", "x" * 10_000):
        answer = owner_client.post(address, {"reason": reason})
        assert (answer.status_code, SlideImage.objects.in_use().count()) == (400, 1)
    assert "Choose a reason." in owner_client.post(address).content.decode()
    page = owner_client.post(address, {"reason": "unusable"}, follow=True).content.decode()
    assert "The image is withdrawn." in page
    assert f"/images/{image.pk}/restore/" in page
    again = owner_client.post(address, {"reason": "unusable"}, follow=True).content.decode()
    assert "withdrawn already" in again


def test_its_own_page_says_so_and_puts_it_back(owner_client: Client, image: SlideImage, owner: User) -> None:
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    page = owner_client.get(f"/images/{image.pk}/").content.decode()
    assert "This image is withdrawn from the case." in page
    back = owner_client.post(f"/images/{image.pk}/restore/", follow=True).content.decode()
    assert "The image is back in the case." in back
    twice = owner_client.post(f"/images/{image.pk}/restore/", follow=True).content.decode()
    assert "This image is not withdrawn." in twice


def test_the_fragment_of_the_case_shows_it_at_once(owner_client: Client, image: SlideImage, owner: User) -> None:
    address = f"/cases/{image.case_id}/images/"
    seen = owner_client.get(f"/cases/{image.case_id}/").context["seen"]
    withdraw_image(image=image, withdrawn_by=owner, reason=WRONG)
    part = owner_client.get(f"{address}?seen={seen}")
    assert (part.status_code, "is-withdrawn" in part.content.decode()) == (200, True)
    assert ", every" not in part.content.decode()


def test_programs_withdraw_and_put_back(api: Callable[[str], Any], image: SlideImage) -> None:
    address = f"/api/v1/images/{image.pk}"
    assert api("owner").post(f"{address}/withdraw/", {"reason": "because"}).status_code == 400
    assert api("owner").post(f"{address}/withdraw/", {}).status_code == 400
    assert api("stranger").post(f"{address}/withdraw/", {"reason": WRONG}).status_code == 404
    answer = api("owner").post(f"{address}/withdraw/", {"reason": WRONG})
    assert (answer.status_code, answer.json()["withdrawal_reason"]) == (200, "wrong_patient")
    assert answer.json()["withdrawn_at"]
    assert api("owner").post(f"{address}/withdraw/", {"reason": WRONG}).status_code == 409
    assert api("owner").post(f"{address}/restore/").json()["withdrawn_at"] is None
    assert api("owner").post(f"{address}/restore/").status_code == 409
