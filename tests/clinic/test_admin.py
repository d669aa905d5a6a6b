"""Django's own admin: for administrators, by the one sign-in, to read."""

from collections.abc import Callable

import pytest
from django.contrib.admin import ModelAdmin
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from clinic.admin import site
from clinic.models import Patient, User
from diagnosis.models import ModelVersion
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory

Web = Callable[[str], Client]


def test_it_is_reached_by_the_one_sign_in(client: Client, db: None) -> None:
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/sign-in/?next=/admin/login/%3Fnext%3D%252Fadmin%252F"
    assert client.post("/admin/login/", {"username": "a", "password": "b"})["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_but_administrators_gets_in(web: Web, who: str) -> None:
    assert web(who).get("/admin/").status_code == 403
    assert web(who).get("/admin/clinic/user/").status_code == 403


def test_an_administrator_reads_people_and_changes_nothing(web: Web, owner: User) -> None:
    client = web("administrator")
    assert "Olivia Owner" in client.get("/admin/clinic/user/").content.decode()
    page = client.get(reverse("admin:clinic_user_change", args=[owner.pk]))
    assert page.status_code == 200
    assert owner.password not in page.content.decode()
    assert client.post(page.request["PATH_INFO"], {"role": "administrator"}).status_code == 403
    owner.refresh_from_db()
    assert owner.role == "doctor"


def test_its_people_have_no_rights_of_djangos_own(administrator: User) -> None:
    assert not administrator.has_perm("clinic.view_patient")
    assert not administrator.has_module_perms("diagnosis")


def test_signing_out_there_is_signing_out(web: Web) -> None:
    client = web("administrator")
    assert client.post("/admin/logout/")["Location"] == "/sign-in/"
    assert client.get("/account/").status_code == 302


def test_its_own_password_form_is_not_there(web: Web) -> None:
    assert web("administrator").get("/admin/password_change/")["Location"] == "/account/"


def test_without_the_second_step_that_is_asked_for_it_stays_closed(web: Web, settings: Settings) -> None:
    settings.MFA_REQUIRED_ROLES = frozenset({"administrator"})
    assert web("administrator").get("/admin/")["Location"] == "/account/second-step/"


# What may be read there. A field is not added here before somebody has asked whether it is a patient's.
READABLE = {
    "user": {"full_name", "email", "role", "is_active", "created_at", "last_login"},
    "workerprocess": {"name", "started_at", "seen_at", "progress_at", "doing", "doing_since"},
    "analysis": {
        "id", "model_version", "state", "attempts", "failure_code", "created_at", "queued_at", "started_at",
        "finished_at", "lease_expires_at", "request_id",
    },
    "prediction": {"id", "analysis_id", "model_sha256", "created_at"},
    "modelversion": {
        "id", "name", "version", "assay", "state", "sha256", "created_at", "activated_at", "activated_by",
        "stopped_at", "stopped_by",
    },
    "modelchange": {"created_at", "model", "kind", "why", "reason", "other", "made_by", "consented_by"},
    "modelevaluation": {
        "id", "model", "test_set", "state", "done", "total", "attempts", "engines_difference", "failure_message",
        "started_by", "created_at", "finished_at",
    },
    "backup": {
        "name", "started_at", "ended_at", "database_bytes", "file_count", "new_file_count", "new_bytes",
        "problem_count",
    },
    "integritycheck": {"thing", "started_at", "ended_at", "checked", "bytes_read", "problem_count", "problems"},
}  # fmt: skip


@pytest.mark.parametrize("admin", site._registry.values(), ids=str)
def test_nobody_adds_changes_or_deletes_anything_there(
    admin: "ModelAdmin[Model]", administrator: User, rf: RequestFactory
) -> None:
    request = rf.get("/admin/")
    request.user = administrator
    assert admin.has_view_permission(request)
    assert not admin.has_add_permission(request)
    assert not admin.has_change_permission(request)
    assert not admin.has_delete_permission(request)
    assert admin.get_actions(request) == {}
    assert {str(entry.name).rpartition("_")[2] for entry in admin.get_urls()} == {"changelist", "change"}


@pytest.mark.parametrize("admin", site._registry.values(), ids=str)
def test_it_shows_what_is_listed_and_nothing_else(
    admin: "ModelAdmin[Model]", administrator: User, rf: RequestFactory
) -> None:
    request = rf.get("/admin/")
    request.user = administrator
    shown = {*admin.get_fields(request), *admin.get_list_display(request), *admin.get_list_filter(request)}
    assert shown == READABLE[str(admin.model._meta.model_name)]
    assert not admin.get_search_fields(request)


def test_every_table_of_it_is_listed() -> None:
    assert {model._meta.model_name for model in site._registry} == set(READABLE)


def test_no_patient_is_on_any_page_of_it(web: Web, patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(family_name="ZZMARKER", record_number="ZZMARKER-1")
    image = ImageFactory.create(case__patient=patient, uploaded_name="ZZMARKER.png", case__note="ZZMARKER")
    prediction = PredictionFactory.create(analysis__image=image)
    client = web("administrator")
    tables = [f"admin:{model._meta.app_label}_{model._meta.model_name}" for model in site._registry]
    pages = [
        "/admin/",
        *(reverse(f"{table}_changelist") for table in tables),
        reverse("admin:diagnosis_analysis_change", args=[prediction.analysis_id]),
        reverse("admin:diagnosis_prediction_change", args=[prediction.pk]),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert "Second Read" in text
        for private in ("ZZMARKER", str(patient.pk), str(image.pk), str(image.case_id)):
            assert private not in text, page


@pytest.mark.parametrize(
    "asked",
    ["image__uploaded_name__startswith=Z", "image=1", "requested_by__email=a", "state__in=failed", "failure_code=a"],
)
def test_it_cannot_be_asked_what_it_does_not_show(web: Web, asked: str) -> None:
    assert web("administrator").get(f"/admin/diagnosis/analysis/?{asked}").status_code == 400


def test_a_list_asks_the_database_as_often_however_long_it_is(web: Web, model: ModelVersion) -> None:
    client, address = web("administrator"), "/admin/diagnosis/analysis/"
    AnalysisFactory.create(model_version=model)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    AnalysisFactory.create_batch(3, model_version=model)
    with CaptureQueriesContext(connection) as more:
        client.get(address)
    assert len(more) == len(few) <= 12
