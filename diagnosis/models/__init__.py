"""Cases, slide images, analyses, predictions and the model registry."""

from diagnosis.models.analysis import Analysis, AnalysisState
from diagnosis.models.case import Case
from diagnosis.models.model_version import ModelState, ModelVersion
from diagnosis.models.prediction import Prediction, Verdict
from diagnosis.models.slide_image import SlideImage

__all__ = [
    "Analysis",
    "AnalysisState",
    "Case",
    "ModelState",
    "ModelVersion",
    "Prediction",
    "SlideImage",
    "Verdict",
]
