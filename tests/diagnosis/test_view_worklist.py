"""The worklist's page, its fragment, and what tells that images are analysed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinic.models import AuditEvent, Patient, User
from diagnosis.models import Analysis, AssayPolicy, Case, ModelVersion, ReadingRequest, RequestKind, SlideImage
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    ReadingFactory,
    add_to_care_team,
)

ADDRESS = "/worklist/"
LIVE = "/worklist/live/"
HTMX = {"HX-Request": "true"}
NO_FILES = dict.fromkeys(["mask_sha256", "outline_sha256", "map_sha256"], "0" * 64)


@pytest.fixture
def image(case: Case, model: ModelVersion) -> SlideImage:
    """An analysed image."""
    prediction = PredictionFactory.create(
        analysis__image=ImageFactory.create(case=case), analysis__model_version=model, **NO_FILES
    )
    return prediction.analysis.image


@pytest.fixture
def waiting(case: Case, model: ModelVersion) -> Analysis:
    return AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)


def finish(analysis: Analysis) -> None:
    Analysis.objects.filter(pk=analysis.pk).update(state="cancelled", finished_at=timezone.now())


def text(client: Client, address: str = ADDRESS, **options: Any) -> str:
    return client.get(address, **options).content.decode()


@pytest.mark.usefixtures("image")
def test_a_row_says_who_what_and_what_is_due(owner_client: Client, patient: Patient, case: Case) -> None:
    page = text(owner_client)
    for words in (str(patient), patient.record_number, "2 Jan 2026", "1 to read", f"/cases/{case.pk}/"):
        assert words in page


@pytest.mark.parametrize("who", ["administrator", "auditor"])
@pytest.mark.parametrize("address", [ADDRESS, LIVE, "/batches/"])
def test_it_is_closed_to_everybody_but_doctors(web: Callable[[str], Client], who: str, address: str) -> None:
    assert web(who).get(address).status_code == 403


@pytest.mark.usefixtures("image")
def test_strangers_read_what_to_do_instead(stranger_client: Client, patient: Patient) -> None:
    page = text(stranger_client)
    assert "Nothing to read" in page
    assert patient.family_name not in page


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("to-read", "Nothing to read"),
        ("to-sign", "Nothing to sign"),
        ("failed", "Nothing failed"),
        ("mine", "You have no case in hand"),
        ("done", "Nothing is signed yet"),
        ("none-of-these", "Nothing to read"),
    ],
)
def test_an_empty_tab_says_what_to_do(owner_client: Client, tab: str, words: str) -> None:
    assert words in text(owner_client, f"{ADDRESS}?tab={tab}")


@pytest.mark.parametrize("filters", ["assay=x", "model=1", "since=yesterday", "urgency=x", "verdict=' OR 1"])
@pytest.mark.usefixtures("image")
def test_a_filter_that_is_none_shows_a_sentence_and_not_everything(
    owner_client: Client, patient: Patient, filters: str
) -> None:
    answer = owner_client.get(f"{ADDRESS}?{filters}")
    assert answer.status_code == 400
    assert "Nothing is listed" in answer.content.decode()
    assert patient.record_number not in answer.content.decode()
    assert owner_client.get(f"{LIVE}?{filters}").status_code == 400


def test_days_the_wrong_way_round_are_refused_beside_the_field(owner_client: Client) -> None:
    answer = owner_client.get(f"{ADDRESS}?since=2026-02-01&until=2026-01-01")
    assert (answer.status_code, "The last day lies before the first." in answer.content.decode()) == (400, True)


@pytest.mark.usefixtures("image")
def test_a_search_narrows_as_one_types_and_stands_in_no_address(
    owner_client: Client, owner: User, patient: Patient, model: ModelVersion
) -> None:
    other = PatientFactory.create(family_name="Zimmermann", created_by=owner)
    add_to_care_team(other, owner)
    PredictionFactory.create(analysis__image__case__patient=other, analysis__model_version=model, **NO_FILES)
    part = owner_client.post(f"{ADDRESS}?urgency=routine", {"query": "zimm"}, headers=HTMX).content.decode()
    assert other.record_number in part
    assert patient.record_number not in part
    assert "<html" not in part
    assert "zimm" not in part.lower().replace("zimmermann", "")
    assert "hx-get" not in part  # it would be replaced by what was not searched for


@pytest.mark.usefixtures("image")
def test_a_search_goes_on_in_another_tab(owner_client: Client, patient: Patient) -> None:
    answer = owner_client.post(f"{ADDRESS}?tab=to-read", {"query": patient.family_name, "tab": "mine"}, headers=HTMX)
    assert answer.context["tab"] == "mine"
    assert patient.record_number in answer.content.decode()


@pytest.mark.usefixtures("image")
def test_every_patient_on_it_is_looked_at_once_for_a_while(owner_client: Client, patient: Patient) -> None:
    for _ in range(2):
        owner_client.get(ADDRESS)
        owner_client.get(LIVE)
    assert AuditEvent.objects.filter(action="patient.listed", patient_id=patient.pk).count() == 1


def test_the_fragment_comes_only_when_it_has_changed(owner_client: Client, waiting: Analysis) -> None:
    seen = owner_client.get(f"{ADDRESS}?tab=mine").context["seen"]
    assert "0 of 1 analysed" in text(owner_client, f"{LIVE}?tab=mine")
    assert owner_client.get(f"{LIVE}?tab=mine&seen={seen}").status_code == 204
    finish(waiting)
    part = owner_client.get(f"{LIVE}?tab=mine&seen={seen}")
    assert (part.status_code, "1 to read" in part.content.decode()) == (200, True)


@pytest.mark.usefixtures("image")
def test_asking_again_and_again_does_not_prolong_the_session(owner_client: Client) -> None:
    owner_client.get(ADDRESS)
    session = owner_client.session
    session["active_at"] -= 300
    session.save()
    before = owner_client.session["active_at"]
    for address in (LIVE, "/batches/"):
        owner_client.get(address)
        assert owner_client.session["active_at"] == before


def test_a_page_takes_the_same_number_of_queries_whatever_its_length(
    owner_client: Client,
    owner: User,
    patient: Patient,
    model: ModelVersion,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(12):
        case = CaseFactory.create(patient=patient)
        for _ in range(2):
            AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
        ReadingFactory.create(image=case.images.first(), reader=owner)
    with django_assert_max_num_queries(18):
        assert len(owner_client.get(f"{ADDRESS}?tab=mine").context["worklist"].rows) == 12


@pytest.mark.usefixtures("image")
def test_a_blinded_doctor_reads_of_no_suggestion(
    owner_client: Client, case: Case, model: ModelVersion, administrator: User
) -> None:
    assert "Malignant suggested" in text(owner_client)
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    page = text(owner_client).partition('id="worklist"')[2]
    assert "Malignant suggested" not in page
    assert "The model is not sure" not in page


def test_a_second_reader_reads_of_no_suggestion(
    web: Callable[[str], Client], image: SlideImage, owner: User, colleague: User
) -> None:
    ReadingRequest.objects.create(image=image, kind=RequestKind.SECOND, asked_of=colleague, asked_by=owner)
    page = text(web("colleague"))
    assert "Second reading of 1 image asked of you" in page
    assert "Malignant suggested" not in page
    assert "Malignant suggested" in text(web("owner"))


def test_a_finished_batch_is_told_once_it_is_finished(owner_client: Client, waiting: Analysis, case: Case) -> None:
    first = text(owner_client, "/batches/")
    assert f'data-waiting="{case.pk}"' in first
    assert "analysed" not in first
    address = f"/batches/?case={case.pk}&case=nonsense"
    assert "analysed" not in text(owner_client, address)
    finish(waiting)
    told = text(owner_client, address)
    assert "Case of 2 January: its image is analysed" in told
    assert 'data-waiting=""' in told
    assert AuditEvent.objects.filter(action="case.told_analysed", patient_id=case.patient_id).exists()


def test_it_says_how_many_failed(owner_client: Client, waiting: Analysis, image: SlideImage, case: Case) -> None:
    now = timezone.now()
    leased = {"lease_token": case.pk, "lease_expires_at": now}
    Analysis.objects.filter(pk=waiting.pk).update(state="running", **leased)
    Analysis.objects.filter(pk=waiting.pk).update(
        state="failed", failure_code="x", failure_message="y", finished_at=now, lease_token=None, lease_expires_at=None
    )
    assert "1 of 2 images is analysed, 1 failed" in text(owner_client, f"/batches/?case={case.pk}")


def test_strangers_are_told_nothing(stranger_client: Client, image: SlideImage, waiting: Analysis, case: Case) -> None:
    finish(waiting)
    answer = stranger_client.get(f"/batches/?case={case.pk}")
    assert str(case.pk) not in answer.content.decode()
    assert "analysed" not in answer.content.decode()


def test_where_nothing_waits_there_is_nothing_to_watch(owner_client: Client, image: SlideImage) -> None:
    assert 'data-waiting=""' in text(owner_client, "/batches/")


def test_the_urgency_of_a_case_is_set_on_its_page(owner_client: Client, case: Case, image: SlideImage) -> None:
    assert owner_client.post(f"/cases/{case.pk}/urgency/", {"urgency": "emergency"})["Location"] == f"/cases/{case.pk}/"
    assert "Urgency: Emergency." in text(owner_client, f"/cases/{case.pk}/")
    assert "Emergency" in text(owner_client)
    event = AuditEvent.objects.get(action="case.urgency_changed")
    assert event.detail == {"before": "routine", "after": "emergency"}
    for wrong in ("", "now", "x" * 1000):
        owner_client.post(f"/cases/{case.pk}/urgency/", {"urgency": wrong})
    case.refresh_from_db()
    assert case.urgency == "emergency"


def test_a_new_case_says_how_urgent_it_is(owner_client: Client, patient: Patient) -> None:
    entries = {"assay": "leukemia", "specimen_date": "2026-01-02", "urgency": "urgent"}
    owner_client.post(f"/patients/{patient.pk}/cases/new/", entries)
    assert Case.objects.get().urgency == "urgent"


def test_programs_set_it_too(api: Callable[[str], Any], case: Case) -> None:
    answer = api("owner").patch(f"/api/v1/cases/{case.pk}/", {"urgency": "urgent"})
    assert (answer.status_code, answer.json()["urgency"]) == (200, "urgent")
    assert api("owner").patch(f"/api/v1/cases/{case.pk}/", {"urgency": "now"}).status_code == 400
    assert api("owner").patch(f"/api/v1/cases/{case.pk}/", {"note": "x"}).status_code == 400
    assert api("owner").patch(f"/api/v1/cases/{case.pk}/", {}).status_code == 400
    assert api("stranger").patch(f"/api/v1/cases/{case.pk}/", {"urgency": "urgent"}).status_code == 404


def test_a_patient_named_like_a_tag_is_shown_as_such(owner_client: Client, owner: User, model: ModelVersion) -> None:
    other = PatientFactory.create(family_name="<script>alert(1)</script>", created_by=owner)
    add_to_care_team(other, owner)
    PredictionFactory.create(
        analysis__image__case=CaseFactory.create(patient=other, specimen_date=date(2026, 1, 1)),
        analysis__model_version=model,
        **NO_FILES,
    )
    page = text(owner_client)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
