"""The loaded models of this worker process: each is loaded once and kept."""

import logging
from functools import lru_cache

import cv2
from django.conf import settings

from diagnosis.models import ModelState, ModelVersion
from diagnosis.services.exports import bundle_file
from mlcore.predictor import Predictor

logger = logging.getLogger(__name__)

MODELS_IN_MEMORY = 4


def get_predictor(model_version: ModelVersion) -> Predictor:
    """The model, ready to predict. Raises DamagedFile or InvalidBundle when its file is not what was registered."""
    return _load(model_version.sha256)


def warm_up() -> None:
    """Load the active models, so that the first image does not wait for them."""
    cv2.setNumThreads(settings.ANALYSIS_THREADS)
    for model in ModelVersion.objects.filter(state=ModelState.ACTIVE)[:MODELS_IN_MEMORY]:
        try:
            get_predictor(model)
        except Exception:  # the worker still serves the other models; the error is raised again with an image
            logger.exception("The model %s could not be loaded.", model.pk)


def forget() -> None:
    """Let go of every loaded model."""
    _load.cache_clear()


@lru_cache(maxsize=MODELS_IN_MEMORY)
def _load(sha256: str) -> Predictor:
    path = bundle_file(sha256)
    return Predictor.load(path, cache=settings.MODEL_CACHE, expected_digest=sha256, threads=settings.ANALYSIS_THREADS)
