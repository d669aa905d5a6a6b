"""The same bytes again: shown with a link among one's own patients, and never a hint of anybody else's."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from clinic.models import AuditEvent, User
from diagnosis.models import Case, ModelVersion, SlideImage
from diagnosis.services.uploads import accept_image
from tests.factories import CaseFactory, PatientFactory, add_to_care_team, drawn_png, upload

JSON = {"Accept": "application/json"}


@pytest.fixture
def elsewhere(case: Case, owner: User, model: ModelVersion) -> SlideImage:
    """The same bytes in a case of another patient of the owner's."""
    patient = PatientFactory.create(created_by=owner, family_name="Elsewhere")
    add_to_care_team(patient, owner)
    other = CaseFactory.create(patient=patient)
    return accept_image(case=other, uploaded_by=owner, file=upload(name="old.png")).analysis.image


@pytest.fixture
def strangers(stranger: User, model: ModelVersion) -> SlideImage:
    """The same bytes in a case of a stranger's patient."""
    patient = PatientFactory.create(created_by=stranger)
    add_to_care_team(patient, stranger)
    return accept_image(case=CaseFactory(patient=patient), uploaded_by=stranger, file=upload()).analysis.image


def test_it_is_taken_in_and_points_to_the_others(case: Case, owner: User, elsewhere: SlideImage) -> None:
    taken = accept_image(case=case, uploaded_by=owner, file=upload(name="new.png"))
    assert taken.is_new
    assert list(taken.elsewhere) == [elsewhere]
    event = AuditEvent.objects.get(action="image.shown_as_duplicate")
    assert (event.actor, event.patient_id, event.subject_id) == (owner, elsewhere.case.patient_id, str(elsewhere.pk))


def test_sent_twice_to_one_case_it_still_points_there(case: Case, owner: User, elsewhere: SlideImage) -> None:
    accept_image(case=case, uploaded_by=owner, file=upload())
    again = accept_image(case=case, uploaded_by=owner, file=upload())
    assert not again.is_new
    assert list(again.elsewhere) == [elsewhere]


def test_the_api_tells_where(api: Callable[[str], APIClient], case: Case, elsewhere: SlideImage) -> None:
    answer = api("owner").post(f"/api/v1/cases/{case.pk}/images/", {"files": upload()}, format="multipart")
    (entry,) = answer.json()["files"]
    assert entry["duplicates"] == [
        {
            "image": str(elsewhere.pk),
            "image_url": f"http://testserver/api/v1/images/{elsewhere.pk}/",
            "case": str(elsewhere.case_id),
            "patient": str(elsewhere.case.patient_id),
        }
    ]


def test_the_page_that_sent_it_is_told_where(owner_client: Client, case: Case, elsewhere: SlideImage) -> None:
    answer = owner_client.post(f"/cases/{case.pk}/images/", {"images": upload()}, headers=JSON)
    (entry,) = answer.json()["images"]
    (duplicate,) = entry["duplicates"]
    assert duplicate["address"] == f"/images/{elsewhere.pk}/"
    assert duplicate["words"].startswith("Elsewhere, Given")


def test_without_a_script_a_page_shows_the_link(owner_client: Client, case: Case, elsewhere: SlideImage) -> None:
    page = owner_client.post(f"/cases/{case.pk}/images/", {"images": upload()}).content.decode()
    assert f'href="/images/{elsewhere.pk}/"' in page


def test_the_images_own_page_shows_the_link_later(owner_client: Client, case: Case, elsewhere: SlideImage) -> None:
    image = accept_image(case=case, uploaded_by=case.created_by, file=upload()).analysis.image
    assert f'href="/images/{elsewhere.pk}/"' in owner_client.get(f"/images/{image.pk}/").content.decode()


def anonymised(answer: Any) -> dict[str, Any]:
    (entry,) = answer.json()["files"]
    return entry | dict.fromkeys(("image", "image_url", "analysis", "analysis_url"))


def test_of_a_strangers_image_there_is_no_hint(
    api: Callable[[str], APIClient], case: Case, strangers: SlideImage, owner_client: Client
) -> None:
    client = api("owner")
    address = f"/api/v1/cases/{case.pk}/images/"
    known = client.post(address, {"files": upload(name="a.png")}, format="multipart")
    fresh = client.post(address, {"files": upload(name="a.png", content=drawn_png(seed=9))}, format="multipart")
    assert known.status_code == fresh.status_code == 202
    assert anonymised(known) == anonymised(fresh)
    page = owner_client.get(f"/images/{known.json()['files'][0]['image']}/").content.decode()
    assert "very same file" not in page
    assert not AuditEvent.objects.filter(action="image.shown_as_duplicate").exists()


def test_it_takes_the_same_steps_whether_a_stranger_has_the_bytes_or_not(
    case: Case, owner: User, strangers: SlideImage
) -> None:
    def steps(seed: int) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            accept_image(case=case, uploaded_by=owner, file=upload(seed=seed))
        return [re.split(r"['\"]s\d|'", query["sql"])[0] for query in queries]

    assert steps(0) == steps(7)
