"""Cases, slide images, analyses, predictions and the model registry."""

from diagnosis.models.analysis import Analysis, AnalysisState
from diagnosis.models.case import Case
from diagnosis.models.file_to_remove import FileToRemove
from diagnosis.models.merged_case import MergedCase
from diagnosis.models.model_version import ModelState, ModelVersion
from diagnosis.models.prediction import Prediction, Verdict
from diagnosis.models.slide_image import SlideImage

__all__ = [
    "Analysis",
    "AnalysisState",
    "Case",
    "FileToRemove",
    "MergedCase",
    "ModelState",
    "ModelVersion",
    "Prediction",
    "SlideImage",
    "Verdict",
]
