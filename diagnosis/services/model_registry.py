"""Registering and activating models."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now

from clinic.models import User
from clinic.services import audit
from diagnosis.models import ModelState, ModelVersion
from diagnosis.services import file_store
from diagnosis.services.file_removal import keep_files
from diagnosis.services.predictors import require_export
from mlcore.bundle import read_bundle


@transaction.atomic
def register_model(*, content: bytes, registered_by: User | None = None) -> ModelVersion:
    """Check a bundle, without executing anything, and add it as a candidate; a known one is returned as it stands.

    Raises mlcore.bundle.InvalidBundle, with nothing stored, when the bundle is not what it claims to be.
    """
    _require_administrator(registered_by)
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
        audit.record(actor=registered_by, action="model.registered", subject=model, sha256=sha256)
    return model


def activate_model(*, model: ModelVersion, activated_by: User | None = None) -> ModelVersion:
    """Make a model the active one of its assay; the one before is retired. New analyses use it from now on.

    Raises mlcore.engines.exported.ExportFailed, with nothing changed, when the serving engine's answers differ from
    the reference's.
    """
    _require_administrator(activated_by)
    require_export(model)  # may take a while: before the rows are locked
    return _activate(model, activated_by)


def require_usable_exports(models: Sequence[ModelVersion]) -> None:
    """Make the exports that activation asks for, side by side."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(require_export, models))


@transaction.atomic
def _activate(model: ModelVersion, activated_by: User | None) -> ModelVersion:
    versions = ModelVersion.objects.select_for_update(no_key=True).filter(assay=model.assay)
    current = next(version for version in versions if version.pk == model.pk)
    if current.state == ModelState.ACTIVE:
        return current
    for before in versions:
        if before.state == ModelState.ACTIVE:
            _move(before, ModelState.RETIRED)
            audit.record(actor=activated_by, action="model.retired", subject=before)
    _move(current, ModelState.ACTIVE, activated_at=Now(), activated_by=activated_by)
    audit.record(actor=activated_by, action="model.activated", subject=current, sha256=current.sha256)
    return current


def _move(model: ModelVersion, state: ModelState, **changes: Any) -> None:
    ModelVersion.objects.filter(pk=model.pk).update(state=state, **changes)
    model.refresh_from_db()


def _require_administrator(person: User | None) -> None:
    if person is not None and not person.is_administrator:
        raise PermissionDenied("Only administrators look after models.")
