"""A model's form for the serving engine. Nothing of the engine is loaded here, so that web processes can ask for it."""

from pathlib import Path

from django.conf import settings

from diagnosis.models import ModelVersion
from diagnosis.services import file_store
from mlcore.engines.exported import exported
from mlcore.files import replace_file


def require_export(model_version: ModelVersion) -> float:
    """Make the model's form for the serving engine when it is missing; nothing of it is loaded here.

    Returns by how much the engine's answers to the check images differ from the reference's.

    Raises mlcore.engines.exported.ExportFailed when the engine does not answer as the reference does on the model's
    check images. Takes a quarter of a minute the first time.
    """
    export = exported(bundle_file(model_version.sha256), digest=model_version.sha256, cache=settings.MODEL_CACHE)
    return export.seal.difference


def bundle_file(sha256: str) -> Path:
    """The path of a registered bundle, written afresh from the file store."""
    path: Path = settings.MODEL_CACHE / f"{sha256}.bundle"
    with replace_file(path) as aside:
        aside.write_bytes(file_store.get(sha256))
    return path
