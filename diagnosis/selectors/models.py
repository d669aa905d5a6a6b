"""Reading models."""

from diagnosis.models import ModelState, ModelVersion
from mlcore.manifest import FORMAT


def active_model(assay: str) -> ModelVersion | None:
    """The model that new images of an assay are read with."""
    return ModelVersion.objects.filter(assay=assay, state=ModelState.ACTIVE).first()


def has_usable_model(assay: str) -> bool:
    """Whether an assay has an active model that this program reads: an earlier one's may be of another format."""
    return ModelVersion.objects.filter(assay=assay, state=ModelState.ACTIVE, manifest__format=FORMAT).exists()
