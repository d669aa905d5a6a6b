"""Addresses of the pages about cases, images and models. Ids only: names never stand in an address."""

from django.urls import path

import diagnosis.admin  # noqa: F401  before the admin's own addresses are made
from diagnosis.views.agreement import agreement, agreement_csv, my_agreement, my_agreement_csv
from diagnosis.views.analysis_retry import analysis_retry
from diagnosis.views.assays import assay_policy, assays
from diagnosis.views.batches import batches
from diagnosis.views.case import case, case_new
from diagnosis.views.case_images import case_images
from diagnosis.views.case_urgency import case_urgency
from diagnosis.views.compare import compare_cases
from diagnosis.views.erasures import erasure, erasures
from diagnosis.views.evaluations import evaluate, evaluation, evaluation_progress, evaluation_report
from diagnosis.views.image import image, image_opened, image_parts, image_state
from diagnosis.views.image_file import image_file
from diagnosis.views.metrics import metrics
from diagnosis.views.model_decisions import model_decision
from diagnosis.views.model_shadow import model_shadow
from diagnosis.views.model_upload import model_upload
from diagnosis.views.models import model, models
from diagnosis.views.patient import patient
from diagnosis.views.patient_trail import patient_trail
from diagnosis.views.proposals import proposal_answer
from diagnosis.views.reading import reading
from diagnosis.views.reading_draft import reading_draft, reading_draft_discard
from diagnosis.views.reading_requests import (
    adjudication_hand_back,
    adjudication_name,
    adjudication_take,
    reading_request_decline,
    reading_request_withdraw,
    second_reader,
)
from diagnosis.views.reanalyses import reanalyses, reanalysis, reanalysis_progress, reanalysis_stop
from diagnosis.views.reanalysis_requests import case_reanalysis, model_reanalysis, worklist_reanalysis
from diagnosis.views.record import record
from diagnosis.views.record_erasure import record_erasure
from diagnosis.views.record_export import record_export
from diagnosis.views.record_hold import record_hold
from diagnosis.views.record_merge import merging_undo, record_merge, record_merge_with
from diagnosis.views.report import report, report_amend, report_version
from diagnosis.views.report_draft import report_draft
from diagnosis.views.report_file import report_drawing, report_file
from diagnosis.views.saved_views import saved_view_delete, saved_view_new, saved_view_rename, saved_view_restore
from diagnosis.views.status import status, status_analyses
from diagnosis.views.test_sets import test_sets
from diagnosis.views.withdrawing import image_restore, image_withdraw
from diagnosis.views.worklist import worklist_live, worklist_page

app_name = "diagnosis"
urlpatterns = [
    path("patients/<uuid:pk>/", patient, name="patient"),
    path("patients/<uuid:pk>/cases/new/", case_new, name="case_new"),
    path("cases/<uuid:pk>/", case, name="case"),
    path("cases/<uuid:pk>/images/", case_images, name="case_images"),
    path("images/<uuid:pk>/", image, name="image"),
    path("images/<uuid:pk>/state/", image_state, name="image_state"),
    path("images/<uuid:pk>/parts/", image_parts, name="image_parts"),
    path("images/<uuid:pk>/opened/", image_opened, name="image_opened"),
    path("images/<uuid:pk>/<slug:kind>", image_file, name="image_file"),
    path("analyses/<uuid:pk>/retry/", analysis_retry, name="analysis_retry"),
    path("models/", models, name="models"),
    path("models/<uuid:pk>/", model, name="model"),
    path("patients/<uuid:pk>/record/", record, name="record"),
    path("patients/<uuid:pk>/export/", record_export, name="record_export"),
    path("patients/<uuid:pk>/holds/<str:kind>/", record_hold, name="record_hold"),
    path("patients/<uuid:pk>/merge/", record_merge, name="record_merge"),
    path("patients/<uuid:pk>/merge/<uuid:other>/", record_merge_with, name="record_merge_with"),
    path("patients/<uuid:pk>/erasure/", record_erasure, name="record_erasure"),
    path("mergings/<uuid:pk>/undo/", merging_undo, name="merging_undo"),
    path("erasures/", erasures, name="erasures"),
    path("erasures/<uuid:pk>/", erasure, name="erasure"),
    path("patients/<uuid:pk>/seen/", patient_trail, name="patient_trail"),
    path("models/upload/", model_upload, name="model_upload"),
    path("models/<uuid:pk>/decisions/<slug:kind>/", model_decision, name="model_decision"),
    path("patients/<uuid:pk>/compare/", compare_cases, name="compare"),
    path("images/<uuid:pk>/reading/", reading, name="reading"),
    path("images/<uuid:pk>/reading/draft/", reading_draft, name="reading_draft"),
    path("images/<uuid:pk>/reading/draft/discard/", reading_draft_discard, name="reading_draft_discard"),
    path("images/<uuid:pk>/second-reader/", second_reader, name="second_reader"),
    path("reading-requests/<uuid:pk>/withdraw/", reading_request_withdraw, name="reading_request_withdraw"),
    path("reading-requests/<uuid:pk>/decline/", reading_request_decline, name="reading_request_decline"),
    path("adjudications/<uuid:pk>/take/", adjudication_take, name="adjudication_take"),
    path("adjudications/<uuid:pk>/name/", adjudication_name, name="adjudication_name"),
    path("adjudications/<uuid:pk>/hand-back/", adjudication_hand_back, name="adjudication_hand_back"),
    path("assays/", assays, name="assays"),
    path("assays/<slug:slug>/", assay_policy, name="assay_policy"),
    path("agreement/", agreement, name="agreement"),
    path("agreement/export.csv", agreement_csv, name="agreement_csv"),
    path("agreement/mine/", my_agreement, name="my_agreement"),
    path("agreement/mine/export.csv", my_agreement_csv, name="my_agreement_csv"),
    path("models/<uuid:pk>/evaluations/", evaluate, name="evaluate"),
    path("models/<uuid:pk>/shadow/", model_shadow, name="model_shadow"),
    path("evaluations/<uuid:pk>/", evaluation, name="evaluation"),
    path("evaluations/<uuid:pk>/progress/", evaluation_progress, name="evaluation_progress"),
    path("evaluations/<uuid:pk>/report/", evaluation_report, name="evaluation_report"),
    path("proposals/<uuid:pk>/<slug:answer>/", proposal_answer, name="proposal_answer"),
    path("test-sets/", test_sets, name="test_sets"),
    path("cases/<uuid:pk>/urgency/", case_urgency, name="case_urgency"),
    path("images/<uuid:pk>/withdraw/", image_withdraw, name="image_withdraw"),
    path("images/<uuid:pk>/restore/", image_restore, name="image_restore"),
    path("batches/", batches, name="batches"),
    path("worklist/", worklist_page, name="worklist"),
    path("worklist/live/", worklist_live, name="worklist_live"),
    path("worklist/views/", saved_view_new, name="saved_view_new"),
    path("worklist/views/<uuid:pk>/rename/", saved_view_rename, name="saved_view_rename"),
    path("worklist/views/<uuid:pk>/delete/", saved_view_delete, name="saved_view_delete"),
    path("worklist/views/<uuid:pk>/restore/", saved_view_restore, name="saved_view_restore"),
    path("cases/<uuid:pk>/report/", report, name="report"),
    path("cases/<uuid:pk>/report/amend/", report_amend, name="report_amend"),
    path("cases/<uuid:pk>/report/draft/", report_draft, name="report_draft"),
    path("reports/<uuid:pk>/", report_version, name="report_version"),
    path("reports/<uuid:pk>/drawing/", report_drawing, name="report_drawing"),
    path("reports/<uuid:pk>/files/<str:form>/", report_file, name="report_file"),
    path("status/", status, name="status"),
    path("status/analyses/", status_analyses, name="status_analyses"),
    path("metrics", metrics, name="metrics"),
    path("cases/<uuid:pk>/reanalysis/", case_reanalysis, name="case_reanalysis"),
    path("worklist/reanalysis/", worklist_reanalysis, name="worklist_reanalysis"),
    path("models/<uuid:pk>/reanalysis/", model_reanalysis, name="model_reanalysis"),
    path("reanalyses/", reanalyses, name="reanalyses"),
    path("reanalyses/<uuid:pk>/", reanalysis, name="reanalysis"),
    path("reanalyses/<uuid:pk>/progress/", reanalysis_progress, name="reanalysis_progress"),
    path("reanalyses/<uuid:pk>/stop/", reanalysis_stop, name="reanalysis_stop"),
]
