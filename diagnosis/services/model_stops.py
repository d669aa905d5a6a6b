"""The stop switch: nothing is analysed with a stopped model. What waits goes on waiting, and says so."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services.permissions import administrators_only
from diagnosis.models import ChangeKind, ModelVersion
from diagnosis.services.analysis_queue import wake_workers_on_commit
from diagnosis.services.model_states import Note, lock_assay, note_change


@transaction.atomic
def stop_model(*, model: ModelVersion, why: str, reason: str, stopped_by: User) -> ModelVersion:
    """No worker begins an analysis with this model any more. ValidationError without a reason, or when it is stopped.

    What a worker has begun already, a batch of a few seconds at most, it ends.
    """
    administrators_only(stopped_by)
    current = lock_assay(model.assay)[model.pk]
    if current.stopped_at:
        raise ValidationError(_("This model is stopped already."))
    note = Note.of(stopped_by, why, reason)
    ModelVersion.objects.filter(pk=current.pk).update(stopped_at=Now(), stopped_by=stopped_by)
    note_change(model=current, kind=ChangeKind.STOPPED, note=note)
    current.refresh_from_db()
    return current


@transaction.atomic
def resume_model(*, model: ModelVersion, why: str, reason: str, resumed_by: User) -> ModelVersion:
    """Lift the stop; the workers go on with what waits. ValidationError without a reason, or without a stop."""
    administrators_only(resumed_by)
    current = lock_assay(model.assay)[model.pk]
    if not current.stopped_at:
        raise ValidationError(_("This model is not stopped."))
    note = Note.of(resumed_by, why, reason)
    ModelVersion.objects.filter(pk=current.pk).update(stopped_at=None, stopped_by=None)
    note_change(model=current, kind=ChangeKind.RESUMED, note=note)
    wake_workers_on_commit(current.pk)
    current.refresh_from_db()
    return current
