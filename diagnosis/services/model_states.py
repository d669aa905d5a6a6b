"""Every move of a model between its states, and the note of who, when and why: here and nowhere else."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from diagnosis.models import ChangeKind, ModelChange, ModelState, ModelVersion, Why

# What an administrator decides alone. Who becomes active takes more than that: see model_activation.py.
ALONE: dict[tuple[str, str], ChangeKind] = {
    (ModelState.CANDIDATE, ModelState.SHADOW): ChangeKind.SHADOW_STARTED,
    (ModelState.SHADOW, ModelState.CANDIDATE): ChangeKind.SHADOW_ENDED,
    (ModelState.CANDIDATE, ModelState.RETIRED): ChangeKind.RETIRED,
    (ModelState.SHADOW, ModelState.RETIRED): ChangeKind.RETIRED,
    (ModelState.RETIRED, ModelState.CANDIDATE): ChangeKind.REOPENED,
}


@dataclass(frozen=True, kw_only=True)
class Note:
    """Who decided something, and why. `made_by` is None for a command on the server."""

    made_by: User | None
    why: str = ""
    reason: str = ""
    consented_by: User | None = None

    @classmethod
    def of(cls, person: User, why: str, reason: str) -> Self:
        """A person's note. ValidationError when there is no code, or there are no words."""
        if why not in Why.values:
            raise ValidationError({"why": _("Choose why.")})
        if not reason.strip():
            raise ValidationError({"reason": _("Say why in a few words.")})
        return cls(made_by=person, why=why, reason=reason.strip())


@transaction.atomic
def move_model(*, model: ModelVersion, state: ModelState, why: str, reason: str, moved_by: User) -> ModelVersion:
    """Make a model a shadow, a candidate again, or retire it. ValidationError when it is not there to be moved so."""
    administrators_only(moved_by)
    note = Note.of(moved_by, why, reason)
    current = lock_assay(model.assay)[model.pk]
    kind = ALONE.get((current.state, state))
    if kind is None:
        raise ValidationError(_("The model is in another state by now; nothing was changed."))
    _update(current, state=state)
    note_change(model=current, kind=kind, note=note)
    return current


def lock_assay(assay: str) -> dict[UUID, ModelVersion]:
    """All models of an assay as they are now, for the current transaction: one decision about them at a time."""
    versions = ModelVersion.objects.select_for_update(no_key=True).filter(assay=assay).order_by("pk")
    return {version.pk: version for version in versions}


def make_active(
    *, model: ModelVersion, versions: dict[UUID, ModelVersion], kind: ChangeKind, note: Note
) -> ModelVersion:
    """Put one of the locked models of an assay in the place of the active one. New images are read with it from now."""
    current = versions[model.pk]
    before = next((version for version in versions.values() if version.state == ModelState.ACTIVE), None)
    if before:
        _update(before, state=ModelState.RETIRED)
        note_change(model=before, kind=ChangeKind.RETIRED, note=note, other=current)
    _update(current, state=ModelState.ACTIVE, activated_at=Now(), activated_by=note.consented_by or note.made_by)
    note_change(model=current, kind=kind, note=note, other=before)
    return current


def note_change(*, model: ModelVersion, kind: ChangeKind, note: Note, other: ModelVersion | None = None) -> ModelChange:
    """Write down what was decided. The trail gets ids and codes; what somebody typed stays in the row they name."""
    change = ModelChange(model=model, kind=kind, other=other, **vars(note))
    change.full_clean()
    change.save()
    detail: dict[str, Any] = {"sha256": model.sha256, "change": change.pk, "why": note.why}
    if other:
        detail["other"] = str(other.pk)
    if note.consented_by:
        detail["proposed_by"] = str(note.made_by.pk) if note.made_by else ""
    audit.record(actor=note.consented_by or note.made_by, action=f"model.{kind.value}", subject=model, **detail)
    return change


def _update(model: ModelVersion, **changes: Any) -> None:
    ModelVersion.objects.filter(pk=model.pk).update(**changes)
    model.refresh_from_db()
