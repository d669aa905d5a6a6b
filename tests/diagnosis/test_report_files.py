"""Signed reports to take away: as PDF, CSV and XLSX on the pages and by the API, under names that name nobody."""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from clinic.models import AuditEvent, ErasureReason, Patient, User
from diagnosis.models import Case, Report, ReportDrawing
from diagnosis.services import drawing, file_store, report_drawings
from diagnosis.services.erasure import carry_out_erasure, request_erasure
from diagnosis.services.file_removal import remove_noted_files
from diagnosis.services.patient_export import export_patient
from diagnosis.services.report_drafts import keep_report_draft
from diagnosis.tasks import draw_reports
from tests.deployment.files import ROOT
from tests.diagnosis.test_patient_export import document, opened
from tests.factories import PredictionFactory, ReadingFactory, signed_report


@pytest.fixture
def report(case: Case, owner: User) -> Report:
    prediction = PredictionFactory.create(analysis__image__case=case, analysis__image__uploaded_name="=first.png")
    image = prediction.analysis.image
    ReadingFactory.create(image=image, reader=owner, prediction=prediction, answer="agree", comment="+Large cells.")
    return signed_report(case=case, signer=owner, findings="@Blasts.")


@pytest.fixture
def drawn(report: Report) -> Report:
    assert drawing.draw_next()
    return report


def sent(answer: Any) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def get(client: Client, report: Report, form: str) -> Any:
    return client.get(f"/reports/{report.pk}/files/{form}/")


def test_the_pdf_comes_under_a_name_that_names_nobody(owner_client: Client, drawn: Report) -> None:
    answer = get(owner_client, drawn, "pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="report-{str(drawn.pk)[:8]}-v1.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert sent(answer).startswith(b"%PDF")


def test_until_it_is_drawn_the_page_says_so(owner_client: Client, report: Report) -> None:
    page = owner_client.get(get(owner_client, report, "pdf")["Location"]).content.decode()
    assert "The PDF is being drawn." in page
    fragment = f"/reports/{report.pk}/drawing/"
    assert f'hx-get="{fragment}"' in page
    drawing.draw_next()
    finished = owner_client.get(fragment).content.decode()
    assert "Save as PDF" in finished
    assert "hx-get" not in finished


def test_a_person_can_have_a_failed_drawing_tried_again(owner_client: Client, report: Report) -> None:
    ReportDrawing.objects.update(attempts=3)
    assert "The PDF could not be drawn" in owner_client.get(f"/reports/{report.pk}/").content.decode()
    owner_client.post(f"/reports/{report.pk}/drawing/")
    assert drawing.draw_next()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_tables_have_a_row_an_image_and_no_formula(
    owner_client: Client, report: Report, owner: User, form: str
) -> None:
    answer = get(owner_client, report, form)
    assert answer["Content-Disposition"] == f'attachment; filename="report-{str(report.pk)[:8]}-v1.{form}"'
    assert "no-store" in answer["Cache-Control"]
    headings, row = table_of(sent(answer), form)
    entry = dict(zip(headings, row, strict=True))
    patient = report.case.patient
    assert (entry["Record number"], entry["Patient"]) == (patient.record_number, f"{patient.family_name}, Given")
    assert (entry["Result"], entry["Read by"], entry["Model"]) == ("Pre (malignant)", "Olivia Owner", "test model 1")
    assert entry["Image name"].lstrip("'") == "=first.png"
    if form == "csv":
        assert all(not cell.startswith(("=", "+", "@")) for cell in row)


def table_of(content: bytes, form: str) -> list[list[str]]:
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode())))
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    assert all(cell.data_type in {"s", "n"} for row in sheet.iter_rows() for cell in row)
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("form", ["pdf", "csv", "xlsx"])
def test_taking_one_away_is_on_record(owner_client: Client, drawn: Report, owner: User, form: str) -> None:
    sent(get(owner_client, drawn, form))
    event = AuditEvent.objects.get(action="report.exported")
    assert (event.actor, event.patient_id, event.purpose) == (owner, drawn.case.patient_id, "export")
    assert event.detail == {"form": form, "version": 1}


def test_a_damaged_file_is_not_sent(owner_client: Client, api: Callable[[str], APIClient], drawn: Report) -> None:
    found = report_drawings.drawing_of(drawn)
    assert found
    default_storage.save(file_store.name_of(found.pdf_sha256), ContentFile(b"%PDF forged"))
    page = owner_client.get(get(owner_client, drawn, "pdf")["Location"]).content.decode()
    assert "The stored report is damaged and is not given out." in page
    answer = api("owner").get(f"/api/v1/reports/{drawn.pk}/files/pdf/")
    assert (answer.status_code, answer.json()["code"]) == (503, "damaged_report")


def test_signing_wakes_a_worker_and_so_does_the_sweeper(
    case: Case,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[object] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _, name, **__: woken.append(name))
    ReadingFactory.create(image__case=case, reader=owner)
    with django_capture_on_commit_callbacks(execute=True):
        signed_report(case=case, signer=owner)
    report_drawings.sweep()
    assert woken == ["diagnosis.tasks.draw_reports"] * 2
    drawing.draw_next()
    report_drawings.sweep()
    assert len(woken) == 2


class TestApi:
    def test_it_lists_reports_by_case_and_patient(
        self, api: Callable[[str], APIClient], report: Report, case: Case, tissue_case: Case
    ) -> None:
        for query, number in {"": 1, f"?case={case.pk}": 1, f"?patient={case.patient_id}": 1,
                              f"?case={tissue_case.pk}": 0}.items():  # fmt: skip
            results = api("owner").get(f"/api/v1/reports/{query}").json()["results"]
            assert [one["id"] for one in results] == [str(report.pk)] * number
            assert all("content" not in one for one in results)

    def test_it_tells_all_that_was_signed(self, api: Callable[[str], APIClient], report: Report) -> None:
        told = api("owner").get(f"/api/v1/reports/{report.pk}/").json()
        assert (told["version"], told["signed_by"], told["content"]["result"]) == (1, "Olivia Owner", "Pre")
        assert told["content"] == report.content
        assert AuditEvent.objects.filter(action="report.viewed", subject_id=str(report.pk)).exists()

    def test_files_come_by_the_addresses_it_tells(self, api: Callable[[str], APIClient], drawn: Report) -> None:
        files = api("owner").get(f"/api/v1/reports/{drawn.pk}/").json()["files"]
        for form, start in {"pdf": b"%PDF", "csv": b"Record number", "xlsx": b"PK"}.items():
            assert sent(api("owner").get(files[form], HTTP_ACCEPT="application/json")).startswith(start)

    def test_it_says_when_a_pdf_is_not_drawn_yet(self, api: Callable[[str], APIClient], report: Report) -> None:
        answer = api("owner").get(f"/api/v1/reports/{report.pk}/files/pdf/")
        assert (answer.status_code, answer.json()["code"]) == (503, "being_drawn")

    def test_a_strangers_report_is_a_missing_one(
        self, api: Callable[[str], APIClient], web: Callable[[str], Client], report: Report
    ) -> None:
        missing = "00000000-0000-4000-8000-000000000000"
        for client, address in (
            (api("stranger"), "/api/v1/reports/{}/"),
            (api("stranger"), "/api/v1/reports/{}/files/csv/"),
            (web("stranger"), "/reports/{}/"),
            (web("stranger"), "/reports/{}/files/csv/"),
        ):
            hidden, absent = (client.get(address.format(pk)) for pk in (report.pk, missing))
            assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_erasing_the_record_takes_reports_drafts_and_files(
    patient: Patient, drawn: Report, owner: User, administrator: User, settings: Settings
) -> None:
    settings.RECORD_RETENTION_YEARS = 0
    keep_report_draft(case=drawn.case, author=owner, findings="More.")
    found = report_drawings.drawing_of(drawn)
    assert found
    erasure = request_erasure(patient=patient, reason=ErasureReason.PATIENT_ASKED, requested_by=owner)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert not Report.objects.exists()
    assert not ReportDrawing.objects.exists()
    remove_noted_files()
    assert not file_store.exists(found.pdf_sha256)


def test_the_export_of_a_record_holds_reports_with_their_pdfs(patient: Patient, drawn: Report, owner: User) -> None:
    archive = opened(export_patient(patient=patient, exported_by=owner))
    whole = document(archive)
    assert whole["reports"][0]["content"] == drawn.content
    (found,) = whole["report_drawings"]
    assert archive.read(f"reports/{drawn.pk}-{found['id']}.pdf").startswith(b"%PDF")


def test_a_large_report_is_given_time_but_less_than_its_claim(settings: Settings) -> None:
    seconds = report_drawings.CLAIM.total_seconds()
    limits: Any = draw_reports
    assert limits.soft_time_limit < limits.time_limit < seconds
    assert seconds < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


def test_web_processes_never_load_what_draws() -> None:
    """It takes a second and much memory, and decodes pictures."""
    package = ROOT / "diagnosis"
    web = [path for folder in ("views", "api") for path in (package / folder).glob("*.py")]
    for path in [*web, package / "report_delivery.py", package / "services" / "signing.py"]:
        source = path.read_text()
        assert "report_pdf" not in source, path
        assert "services.drawing" not in source, path
