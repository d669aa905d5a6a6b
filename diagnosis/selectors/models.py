"""Reading models."""

from diagnosis.models import ChangeKind, ModelState, ModelVersion
from mlcore.manifest import FORMAT


def active_model(assay: str) -> ModelVersion | None:
    """The model that new images of an assay are read with."""
    return ModelVersion.objects.filter(assay=assay, state=ModelState.ACTIVE).first()


def has_usable_model(assay: str) -> bool:
    """Whether an assay has an active model that this program reads: an earlier one's may be of another format."""
    return ModelVersion.objects.filter(assay=assay, state=ModelState.ACTIVE, manifest__format=FORMAT).exists()


def model_before(active: ModelVersion) -> ModelVersion | None:
    """The model to go back to: the one in whose place the active one was put when two administrators agreed to it.

    Going back twice goes back two models, never forth to the one that was just rolled back.
    """
    change = active.changes.filter(kind=ChangeKind.ACTIVATED, other__isnull=False).select_related("other").first()
    before = change.other if change else None
    usable = before and before.state == ModelState.RETIRED and before.manifest.get("format") == FORMAT
    return before if before and usable and not before.stopped_at else None
