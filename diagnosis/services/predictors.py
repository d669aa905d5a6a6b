"""The loaded models of this worker process: each is loaded once and kept."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from mlcore.predictor import Predictor

from diagnosis.models import ModelVersion
from diagnosis.services import file_store
from mlcore.files import replace_file

MODELS_IN_MEMORY = 4


def get_predictor(model_version: ModelVersion) -> Predictor:
    """The model, ready to predict. Raises DamagedFile or InvalidBundle when its file is not what was registered."""
    return _load(model_version.sha256)


@lru_cache(maxsize=MODELS_IN_MEMORY)
def _load(sha256: str) -> Predictor:
    path: Path = settings.MODEL_CACHE / f"{sha256}.bundle"
    with replace_file(path) as aside:
        aside.write_bytes(file_store.get(sha256))
    return Predictor.load(path, cache=settings.MODEL_CACHE, expected_digest=sha256)
