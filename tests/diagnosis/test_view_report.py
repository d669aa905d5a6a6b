"""The report's pages: what will be signed, signing it, and what was signed."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.models import AuditEvent, HoldKind, User
from clinic.services.holds import place_hold
from diagnosis.models import (
    AssayPolicy,
    Case,
    Reading,
    ReadingRequest,
    Report,
    ReportDraft,
    RequestKind,
)
from diagnosis.services.report_drafts import keep_report_draft
from tests.factories import PASSWORD, ImageFactory, PredictionFactory, ReadingFactory, signed_report


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def reading(case: Case, owner: User) -> Reading:
    prediction = PredictionFactory.create(analysis__image__case=case, analysis__image__uploaded_name="first.png")
    return ReadingFactory.create(
        image=prediction.analysis.image, reader=owner, prediction=prediction, answer="agree", comment="Large cells."
    )


def digest_in(reading: Reading) -> str:
    assert reading.prediction
    return reading.prediction.model_sha256


def page_of(client: Client, case: Case, status: int = 200, at: str = "") -> str:
    answer = client.get(f"/cases/{case.pk}/report/{at}")
    assert answer.status_code == status
    return answer.content.decode()


def form_of(page: str) -> dict[str, str]:
    """What the page's form carries by itself."""
    return {
        name: re.search(rf'name="{name}" value="([^"]*)"', page)[1]  # type: ignore[index]
        for name in ("seen", "marks")
    }


def post(client: Client, case: Case, page: str, **entries: str) -> Any:
    return client.post(f"/cases/{case.pk}/report/", {**form_of(page), "password": PASSWORD, **entries})


def test_it_shows_all_that_will_be_signed(owner_client: Client, case: Case, reading: Reading) -> None:
    page = page_of(owner_client, case)
    said = ["Pre (malignant)", "The worst reading leads", "first.png", "Olivia Owner", "Large cells.", "test model 1"]
    for words in [*said, digest_in(reading), "The doctor and the model say the same."]:
        assert words in page, words


def test_it_says_what_stands_in_the_way_with_links(owner_client: Client, case: Case, reading: Reading) -> None:
    unread = ImageFactory.create(case=case)
    page = page_of(owner_client, case)
    assert "1 image is not read." in page
    assert "so far" in page
    assert f'href="/images/{unread.pk}/"' in page
    assert "Sign with the password" not in page
    assert "Findings" in page


def test_signing_takes_the_password(owner_client: Client, case: Case, reading: Reading, owner: User) -> None:
    answer = post(owner_client, case, page_of(owner_client, case), findings="Blasts in most fields.")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/cases/{case.pk}/report/")
    report = Report.objects.get()
    assert (report.signed_by, report.confirmed_by, report.content["findings"]) == (
        owner,
        "password",
        "Blasts in most fields.",
    )
    page = page_of(owner_client, case)
    assert "Report, version 1" in page
    assert report.content_digest in page


@pytest.mark.parametrize("password", ["wrong", "", "x" * 5000])
def test_a_wrong_password_signs_nothing_and_keeps_the_words(
    owner_client: Client, case: Case, reading: Reading, owner: User, password: str
) -> None:
    answer = post(owner_client, case, page_of(owner_client, case), findings="My words.", password=password)
    assert (answer.status_code, Report.objects.exists()) == (400, False)
    assert "My words." in answer.content.decode()
    assert ReportDraft.objects.get(author=owner).findings == "My words."
    assert "wrong" not in answer.content.decode().partition('name="password"')[2][:80]


def test_failed_passwords_count_like_failed_sign_ins(
    owner_client: Client, case: Case, reading: Reading, settings: Settings
) -> None:
    settings.SIGN_IN_LIMITS = dict.fromkeys(settings.SIGN_IN_LIMITS, (2, 300))
    page = page_of(owner_client, case)
    for _ in range(2):
        assert post(owner_client, case, page, password="wrong").status_code == 400
    answer = post(owner_client, case, page)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert not Report.objects.exists()
    failed = AuditEvent.objects.filter(action="person.sign_in_failed")
    assert [event.detail["way"] for event in failed] == ["signature"] * 2


def test_having_confirmed_a_moment_ago_does_not_count(owner_client: Client, case: Case, reading: Reading) -> None:
    owner_client.post("/account/confirm/", {"password": PASSWORD})
    assert post(owner_client, case, page_of(owner_client, case), password="").status_code == 400


@pytest.mark.parametrize("credential", ["{}", "no json", '{"id": 7}', "[]"])
def test_what_is_no_passkeys_answer_signs_nothing(
    owner_client: Client, case: Case, reading: Reading, credential: str
) -> None:
    answer = post(owner_client, case, page_of(owner_client, case), password="", credential=credential)
    assert (answer.status_code, Report.objects.exists()) == (400, False)
    assert AuditEvent.objects.filter(action="person.confirmation_failed").exists()


def test_no_token_signs(api: Callable[[str], Any], case: Case, reading: Reading, owner_client: Client) -> None:
    page = page_of(owner_client, case)
    answer = api("owner").post(f"/cases/{case.pk}/report/", {**form_of(page), "password": PASSWORD}, format="multipart")
    assert (answer.status_code, answer.headers["Location"].startswith("/sign-in/")) == (302, True)
    for method in ("post", "put", "patch", "delete"):
        assert getattr(api("owner"), method)("/api/v1/reports/").status_code in {403, 405}
    assert not Report.objects.exists()


def test_of_two_who_sign_the_second_is_told_what_changed_and_keeps_the_words(
    web: Callable[[str], Client], case: Case, reading: Reading, owner: User, colleague: User
) -> None:
    mine, theirs = page_of(web("owner"), case), page_of(web("colleague"), case)
    assert post(web("colleague"), case, theirs).status_code == 302
    answer = post(web("owner"), case, mine, findings="My own words.")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Colin Colleague signed version 1 of this report." in page
    assert "My own words." in page
    assert "Why the signed report is amended" in page
    assert Report.objects.count() == 1


def test_the_same_form_sent_again_leads_to_the_report(owner_client: Client, case: Case, reading: Reading) -> None:
    page = page_of(owner_client, case)
    assert post(owner_client, case, page).status_code == 302
    again = post(owner_client, case, page, password="")
    assert (again.status_code, Report.objects.count()) == (302, 1)


@pytest.mark.parametrize(
    "entries", [{"seen": "x"}, {"seen": ""}, {"findings": "x" * 10_001}, {"findings": "a\x00b"}, {"marks": "\x00"}]
)
def test_unfit_entries_sign_nothing(
    owner_client: Client, case: Case, reading: Reading, entries: dict[str, str]
) -> None:
    answer = post(owner_client, case, page_of(owner_client, case), **entries)
    assert (answer.status_code, Report.objects.exists()) == (400, False)


def test_words_are_never_markup(owner_client: Client, case: Case, reading: Reading) -> None:
    case.patient.family_name = "<script>alert(1)</script>"
    case.patient.save()
    post(owner_client, case, page_of(owner_client, case), findings="<script>alert(2)</script>")
    page = page_of(owner_client, case)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_an_amendment_begins_with_what_was_signed_and_takes_a_reason(
    owner_client: Client, case: Case, reading: Reading, owner: User
) -> None:
    first = signed_report(case=case, signer=owner, findings="As before.")
    page = page_of(owner_client, case, at="amend/")
    assert "As before." in page
    refused = post(owner_client, case, page, findings="Better.")
    assert refused.status_code == 400
    assert "Say why the signed report is amended." in refused.content.decode()
    post(owner_client, case, page, findings="Better.", amendment_reason="A word was wrong.")
    assert "Report, version 2" in page_of(owner_client, case)
    old = owner_client.get(f"/reports/{first.pk}/").content.decode()
    assert "Superseded by" in old
    assert "As before." in old


def test_there_is_nothing_to_amend_before_it_is_signed(owner_client: Client, case: Case, reading: Reading) -> None:
    assert owner_client.get(f"/cases/{case.pk}/report/amend/").headers["Location"] == f"/cases/{case.pk}/report/"


def test_the_case_says_how_its_report_stands(owner_client: Client, case: Case, reading: Reading, owner: User) -> None:
    def said() -> str:
        return owner_client.get(f"/cases/{case.pk}/").content.decode()

    unread = ImageFactory.create(case=case)
    assert "1 unread" in said()
    ReadingFactory.create(image=unread, reader=owner)
    assert "Ready to sign" in said()
    signed_report(case=case, signer=owner)
    assert "Signed, version 1" in said()
    assert "Changed since" not in said()
    ImageFactory.create(case=case)
    assert "Changed since it was signed" in said()
    assert "Changed since it was signed" in page_of(owner_client, case)


def test_a_signed_report_is_shown_as_it_was_signed(
    owner_client: Client, case: Case, reading: Reading, owner: User
) -> None:
    signed_report(case=case, signer=owner)
    case.patient.family_name, before = "Renamed", case.patient.family_name
    case.patient.save()
    assert f"{before}, Given" in page_of(owner_client, case)


def test_a_changed_row_is_refused_with_a_sentence(
    owner_client: Client, case: Case, reading: Reading, owner: User
) -> None:
    report = signed_report(case=case, signer=owner, findings="Blasts.")
    forged = Report(
        case=case,
        version=2,
        content=report.content | {"version": 2, "findings": "Nothing."},
        content_digest=report.content_digest,
        amendment_reason="x",
        signed_by=owner,
        confirmed_by="password",
    )
    forged.save()
    page = page_of(owner_client, case, status=500)
    assert "not as it was signed" in page
    assert "Nothing." not in page
    for form in ("csv", "xlsx", "pdf"):
        answer = owner_client.get(f"/reports/{forged.pk}/files/{form}/")
        assert answer.headers["Location"] == f"/reports/{forged.pk}/"


class TestWithheld:
    @pytest.fixture(autouse=True)
    def blinded(self, administrator: User) -> AssayPolicy:
        return AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)

    def test_nothing_is_given_away_before_ones_own_reading(
        self, web: Callable[[str], Client], case: Case, reading: Reading, colleague: User
    ) -> None:
        page = page_of(web("colleague"), case)
        assert "Withheld until you have read it" in page
        assert "You have not read 1 image yourself" in page
        for secret in ("Pre", "Large cells.", "test model", "malignant)", digest_in(reading)[-12:]):
            assert secret not in page.replace("Pro, Pre, Early", ""), secret
        assert post(web("colleague"), case, page).status_code == 409
        assert not Report.objects.exists()

    def test_a_signed_report_waits_for_a_reading_that_was_asked_for(
        self, web: Callable[[str], Client], api: Callable[[str], Any], case: Case, reading: Reading, owner: User,
        colleague: User,
    ) -> None:  # fmt: skip
        report = signed_report(case=case, signer=owner, findings="Blasts.")
        assert "Blasts." in page_of(web("colleague"), case)
        ReadingRequest.objects.create(image=reading.image, kind=RequestKind.SECOND, asked_of=colleague, asked_by=owner)
        page = page_of(web("colleague"), case)
        assert "the report is withheld from you" in page
        assert "Blasts." not in page
        assert web("colleague").get(f"/reports/{report.pk}/files/csv/").status_code == 302
        assert api("colleague").get(f"/api/v1/reports/{report.pk}/").status_code == 404
        assert api("colleague").get("/api/v1/reports/").json()["results"] == []


class TestDrafts:
    def test_words_are_kept_while_they_are_written(self, owner_client: Client, case: Case, owner: User) -> None:
        answer = owner_client.post(f"/cases/{case.pk}/report/draft/", {"findings": "So far."})
        assert answer.status_code == 204
        assert "So far." in page_of(owner_client, case)

    def test_nobody_else_sees_them(
        self, web: Callable[[str], Client], case: Case, owner: User, colleague: User
    ) -> None:
        keep_report_draft(case=case, author=owner, findings="So far.")
        assert "So far." not in page_of(web("colleague"), case)

    def test_too_many_words_are_refused(self, owner_client: Client, case: Case) -> None:
        answer = owner_client.post(f"/cases/{case.pk}/report/draft/", {"findings": "x" * 10_001})
        assert answer.status_code == 400
        assert not ReportDraft.objects.exists()

    def test_a_frozen_record_takes_none(self, owner_client: Client, case: Case, owner: User) -> None:
        place_hold(patient=case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
        assert owner_client.post(f"/cases/{case.pk}/report/draft/", {"findings": "x"}).status_code == 409
        page = page_of(owner_client, case)
        assert "The record is restricted" in page
        assert "Sign with" not in page


def test_five_hundred_images_take_as_many_queries_as_one(
    owner_client: Client,
    case: Case,
    reading: Reading,
    owner: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        ReadingFactory.create(image__case=case, image__sha256=f"{number:060x}beef", reader=owner)
    with django_assert_max_num_queries(32):
        page_of(owner_client, case)
    signed_report(case=case, signer=owner)
    with django_assert_max_num_queries(28):
        page_of(owner_client, case)


def test_looking_is_on_record(owner_client: Client, case: Case, reading: Reading, owner: User) -> None:
    page_of(owner_client, case)
    report = signed_report(case=case, signer=owner)
    page_of(owner_client, case)
    seen = AuditEvent.objects.filter(action="report.viewed", patient_id=case.patient_id)
    assert {event.subject_id for event in seen} == {str(case.pk), str(report.pk)}
