"""Every address of the REST API."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from clinic.api.not_found import NothingHere
from diagnosis.api.agreement import AgreementView, OwnAgreementView
from diagnosis.api.analyses import AnalysisViewSet
from diagnosis.api.assays import AssaysView, AssayView
from diagnosis.api.cases import CaseViewSet
from diagnosis.api.erasures import ErasureViewSet
from diagnosis.api.evaluations import EvaluationReport, EvaluationViewSet
from diagnosis.api.holds import HoldViewSet
from diagnosis.api.images import ImageFileViewSet, ImageViewSet
from diagnosis.api.mergings import MergingViewSet
from diagnosis.api.model_decisions import ModelChanges, ModelDecisions
from diagnosis.api.model_shadow import ModelShadow
from diagnosis.api.models import ModelViewSet
from diagnosis.api.patient_trail import PatientTrail
from diagnosis.api.predictions import PredictionFileViewSet, PredictionViewSet
from diagnosis.api.proposals import ProposalViewSet
from diagnosis.api.reading_requests import ReadingRequestViewSet
from diagnosis.api.readings import ReadingViewSet
from diagnosis.api.reanalyses import CaseReanalyses, ReanalysisViewSet
from diagnosis.api.records import PatientExport
from diagnosis.api.reports import ReportFileViewSet, ReportViewSet
from diagnosis.api.status import StatusView
from diagnosis.api.stuck_analyses import StuckAnalyses
from diagnosis.api.test_sets import TestSetViewSet
from diagnosis.api.uploads import CaseImages
from diagnosis.api.worklist import WorklistSearch, WorklistView

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("cases", CaseViewSet, basename="case")
router.register("images", ImageViewSet, basename="image")
router.register("analyses", AnalysisViewSet, basename="analysis")
router.register("predictions", PredictionViewSet, basename="prediction")
router.register("readings", ReadingViewSet, basename="reading")
router.register("models", ModelViewSet, basename="model")
router.register("reports", ReportViewSet, basename="report")
router.register("evaluations", EvaluationViewSet, basename="evaluation")
router.register("proposals", ProposalViewSet, basename="proposal")
router.register("test-sets", TestSetViewSet, basename="test-set")
router.register("holds", HoldViewSet, basename="hold")
router.register("mergings", MergingViewSet, basename="merging")
router.register("erasures", ErasureViewSet, basename="erasure")
router.register("reading-requests", ReadingRequestViewSet, basename="reading-request")
router.register("reanalyses", ReanalysisViewSet, basename="reanalysis")

urlpatterns = [
    path("", include("clinic.api.urls")),
    path("cases/<uuid:pk>/images/", CaseImages.as_view({"post": "create"}), name="case-images"),
    path("cases/<uuid:pk>/reanalyses/", CaseReanalyses.as_view({"post": "create"}), name="case-reanalyses"),
    path("images/<uuid:pk>/files/<str:kind>/", ImageFileViewSet.as_view({"get": "retrieve"}), name="image-file"),
    path(
        "predictions/<uuid:pk>/files/<str:kind>/",
        PredictionFileViewSet.as_view({"get": "retrieve"}),
        name="prediction-file",
    ),
    path("reports/<uuid:pk>/files/<str:form>/", ReportFileViewSet.as_view({"get": "send"}), name="report-file"),
    path("patients/<uuid:pk>/export/", PatientExport.as_view({"get": "export"}), name="patient-export"),
    path("status/", StatusView.as_view(), name="status"),
    path("models/<uuid:pk>/decisions/", ModelDecisions.as_view({"post": "decide"}), name="model-decisions"),
    path("models/<uuid:pk>/changes/", ModelChanges.as_view({"get": "list"}), name="model-changes"),
    path("models/<uuid:pk>/shadow/", ModelShadow.as_view({"get": "retrieve"}), name="model-shadow"),
    path("evaluations/<uuid:pk>/report/", EvaluationReport.as_view({"get": "send"}), name="evaluation-report"),
    path("assays/", AssaysView.as_view(), name="assay-list"),
    path("assays/<slug:slug>/", AssayView.as_view(), name="assay"),
    path("patients/<uuid:pk>/trail/", PatientTrail.as_view({"get": "list"}), name="patient-trail"),
    path("status/analyses/", StuckAnalyses.as_view(), name="status-analyses"),
    path("worklist/", WorklistView.as_view(), name="worklist"),
    path("worklist/search/", WorklistSearch.as_view(), name="worklist-search"),
    path("agreement/", AgreementView.as_view(), name="agreement"),
    path("agreement/mine/", OwnAgreementView.as_view(), name="my-agreement"),
    *router.urls,
    re_path("", NothingHere.as_view()),
]
