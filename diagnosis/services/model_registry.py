"""Registering models, and installing the first of an assay."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services.permissions import administrators_only
from diagnosis.models import ChangeKind, ModelState, ModelVersion
from diagnosis.selectors.models import has_usable_model
from diagnosis.services import file_store
from diagnosis.services.exports import require_export
from diagnosis.services.file_removal import keep_files
from diagnosis.services.model_states import Note, lock_assay, make_active, note_change
from mlcore.bundle import read_bundle


def register_model(*, content: bytes, registered_by: User | None = None) -> ModelVersion:
    """Check a bundle, without executing anything, and add it as a candidate; a known one is returned as it stands.

    Raises mlcore.bundle.InvalidBundle, with nothing stored, when the bundle is not what it claims to be.
    """
    return register_bundle(content=content, registered_by=registered_by)[0]


@transaction.atomic
def register_bundle(*, content: bytes, registered_by: User | None = None) -> tuple[ModelVersion, bool]:
    """As `register_model`, and whether the model is new."""
    if registered_by is not None:
        administrators_only(registered_by)
    bundle = read_bundle(content)
    sha256 = file_store.put(content)
    if keep_files([sha256]):
        file_store.put(content)
    model, is_new = ModelVersion.objects.get_or_create(
        sha256=sha256,
        defaults={
            "assay": bundle.manifest.assay,
            "name": bundle.manifest.name,
            "version": bundle.manifest.version,
            "manifest": asdict(bundle.manifest),
        },
    )
    if is_new:
        note_change(model=model, kind=ChangeKind.REGISTERED, note=Note(made_by=registered_by))
    return model, is_new


def activate_model(*, model: ModelVersion) -> ModelVersion:
    """Install the first model of an assay, as commands on the server do. New analyses use it from now on.

    Raises mlcore.engines.exported.ExportFailed, with nothing changed, when the serving engine's answers differ from
    the reference's; and ValidationError when the assay has a model that works: to replace it takes two administrators.
    """
    require_export(model)  # may take a while: before the rows are locked
    return _install(model)


def require_usable_exports(models: Sequence[ModelVersion]) -> None:
    """Make the exports that activation asks for, side by side."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(require_export, models))


@transaction.atomic
def _install(model: ModelVersion) -> ModelVersion:
    versions = lock_assay(model.assay)
    current = versions[model.pk]
    if current.state == ModelState.ACTIVE:
        return current
    if has_usable_model(model.assay):
        raise ValidationError(_("This assay has an active model. To replace it takes two administrators."))
    return make_active(model=current, versions=versions, kind=ChangeKind.INSTALLED, note=Note(made_by=None))
