"""Cases, slide images, analyses, predictions, readings, reports and the model registry."""

from diagnosis.models.activation_proposal import ActivationProposal, ProposalState
from diagnosis.models.analysis import Analysis, AnalysisState, Priority
from diagnosis.models.analysis_tally import AnalysisTally
from diagnosis.models.assay_policy import AssayPolicy
from diagnosis.models.backup import Backup
from diagnosis.models.case import Case, Urgency
from diagnosis.models.case_standing import CaseInvolvement, CaseStanding, Doubt, Stage
from diagnosis.models.file_to_remove import FileToRemove
from diagnosis.models.image_opening import ImageOpening
from diagnosis.models.integrity_check import CheckedThing, IntegrityCheck
from diagnosis.models.merged_case import MergedCase
from diagnosis.models.model_change import ChangeKind, ModelChange, Why
from diagnosis.models.model_evaluation import EvaluatedImage, EvaluationState, ModelEvaluation
from diagnosis.models.model_version import ModelState, ModelVersion
from diagnosis.models.prediction import Prediction, Verdict
from diagnosis.models.reading import Answer, Reading, ReadingRole, Reason
from diagnosis.models.reading_draft import ReadingDraft
from diagnosis.models.reading_request import ReadingRequest, RequestKind, RequestState
from diagnosis.models.reanalysis import Reanalysis, ReanalysisScope, ReanalysisState
from diagnosis.models.report import Confirmation, Report
from diagnosis.models.report_draft import ReportDraft
from diagnosis.models.report_drawing import ReportDrawing
from diagnosis.models.saved_view import SavedView
from diagnosis.models.shadow_analysis import ShadowAnalysis, ShadowState
from diagnosis.models.slide_image import SlideImage, WithdrawalReason
from diagnosis.models.test_set import TestImage, TestSet

__all__ = [
    "ActivationProposal",
    "Analysis",
    "AnalysisState",
    "AnalysisTally",
    "Answer",
    "AssayPolicy",
    "Backup",
    "Case",
    "CaseInvolvement",
    "CaseStanding",
    "ChangeKind",
    "CheckedThing",
    "Confirmation",
    "Doubt",
    "EvaluatedImage",
    "EvaluationState",
    "FileToRemove",
    "ImageOpening",
    "IntegrityCheck",
    "MergedCase",
    "ModelChange",
    "ModelEvaluation",
    "ModelState",
    "ModelVersion",
    "Prediction",
    "Priority",
    "ProposalState",
    "Reading",
    "ReadingDraft",
    "ReadingRequest",
    "ReadingRole",
    "Reanalysis",
    "ReanalysisScope",
    "ReanalysisState",
    "Reason",
    "Report",
    "ReportDraft",
    "ReportDrawing",
    "RequestKind",
    "RequestState",
    "SavedView",
    "ShadowAnalysis",
    "ShadowState",
    "SlideImage",
    "Stage",
    "TestImage",
    "TestSet",
    "Urgency",
    "Verdict",
    "Why",
    "WithdrawalReason",
]
