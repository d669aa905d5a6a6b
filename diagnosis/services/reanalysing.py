"""Asking for images to be read anew by the version that is active now. The work is done in `reanalysis_queue`."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic import wake_ups
from clinic.models import User
from clinic.selectors.care_teams import is_on_team
from clinic.services import audit, records
from clinic.services.permissions import administrators_only
from diagnosis.models import Case, ModelState, ModelVersion, Reanalysis, ReanalysisScope, ReanalysisState
from diagnosis.selectors.models import active_model
from diagnosis.selectors.reanalyses import amount_of


@transaction.atomic
def reanalyse_case(*, case: Case, requested_by: User) -> Reanalysis:
    """Have a case's images read by the active version, those that it has not read yet.

    Raises PermissionDenied for whoever is not on the care team, RecordRestricted while the record is frozen, and
    ValidationError with a sentence when there is nothing to do or nothing to do it with.
    """
    current = Case.objects.visible_to(requested_by).select_related("patient").filter(pk=case.pk).first()
    if current is None or not is_on_team(patient=current.patient, user=requested_by):
        raise PermissionDenied(records.NOT_ON_THE_TEAM)
    records.lock_open(patient_id=current.patient_id, user=requested_by)
    model = _usable(active_model(current.assay))
    return _request(
        Reanalysis(model_version=model, requested_by=requested_by, scope=ReanalysisScope.CASE, case=current)
    )


@transaction.atomic
def reanalyse_worklist(*, model: ModelVersion, filters: Mapping[str, str], requested_by: User) -> Reanalysis:
    """Have all images of the cases on a doctor's worklist read by a version that is active.

    `filters` are those of the worklist's address with its tab; never a search, which would hold a name.
    """
    if not (requested_by.is_active and requested_by.is_doctor):
        raise PermissionDenied("Only doctors have a worklist.")
    stored = {**filters, "assay": model.assay}
    return _request(
        Reanalysis(
            model_version=_usable(model), requested_by=requested_by, scope=ReanalysisScope.WORKLIST, filters=stored
        )
    )


@transaction.atomic
def reanalyse_read_by(
    *, model: ModelVersion, read_by: ModelVersion, requested_by: User, since: date | None = None
) -> Reanalysis:
    """Have all images that another version has read, perhaps since some day only, read by the active one.

    For administrators: they name versions and days, and see nothing but numbers.
    """
    administrators_only(requested_by)
    if read_by.assay != model.assay:
        raise ValidationError({"read_by": _("Choose a version of the same assay.")})
    if read_by.pk == model.pk:
        raise ValidationError({"read_by": _("Choose another version than the one that is to read.")})
    filters = {"read_by": str(read_by.pk)} | ({"since": since.isoformat()} if since else {})
    return _request(
        Reanalysis(
            model_version=_usable(model), requested_by=requested_by, scope=ReanalysisScope.MODEL, filters=filters
        )
    )


@transaction.atomic
def stop_reanalysis(*, reanalysis: Reanalysis, stopped_by: User) -> Reanalysis:
    """Put no more of it in the queue, and take out what waits there. Results that are there stay.

    Whoever asked for it can, and any administrator. ValidationError when it has ended already.
    """
    if not (stopped_by.is_administrator or reanalysis.requested_by_id == stopped_by.pk):
        raise PermissionDenied("Only whoever asked for it, or an administrator, stops it.")
    current = Reanalysis.objects.select_for_update(no_key=True, of=("self",)).get(pk=reanalysis.pk)
    if current.state not in {ReanalysisState.RUNNING, ReanalysisState.DONE}:
        raise ValidationError(_("This has ended already."))
    _change(current, state=ReanalysisState.STOPPED, ended_at=Now(), stopped_by=stopped_by)
    _audit(current, stopped_by, action="reanalysis.stopped")
    wake_workers_on_commit(current.pk)
    return current


def wake_workers_on_commit(reanalysis_id: UUID) -> None:
    """Tell the workers, once the current transaction holds, that there is something to put in the queue."""
    transaction.on_commit(lambda: wake_ups.wake("diagnosis.tasks.queue_reanalysis", str(reanalysis_id)), robust=True)


def _usable(model: ModelVersion | None) -> ModelVersion:
    """The version, if it may be asked for: the active one of its assay, and not stopped."""
    current = ModelVersion.objects.filter(pk=model.pk).first() if model else None
    if current is None:
        raise ValidationError(_("No model is active for this assay. Please tell your administrator."))
    if current.state != ModelState.ACTIVE:
        raise ValidationError(
            _("Only the version that is active can read images anew. Others can be run in the shadow instead.")
        )
    if current.stopped_at:
        raise ValidationError(_("This version is stopped. Images can be read anew once the stop is lifted."))
    return current


def _request(wanted: Reanalysis) -> Reanalysis:
    """Store it, unless there is nothing to do. The same asked again while it is under way is the same."""
    asked = {name: getattr(wanted, name) for name in ("model_version", "requested_by", "scope", "case", "filters")}
    under_way = Reanalysis.objects.filter(state=ReanalysisState.RUNNING, **asked).first()
    if under_way:
        return under_way
    amount = amount_of(wanted)
    if not amount.expected:
        raise ValidationError(_nothing(amount.known) % {"model": wanted.model_version}, code="nothing_to_do")
    found, is_new = Reanalysis.objects.get_or_create(
        **asked, state=ReanalysisState.RUNNING, defaults={"expected": amount.expected}
    )
    if is_new:
        _audit(found, wanted.requested_by, action="reanalysis.requested")
        wake_workers_on_commit(found.pk)
    return found


def _nothing(known: int) -> str:
    if known:
        return _("There is nothing to do: %(model)s has read these images, or is about to.")
    return _("There is no image to read anew.")


def _change(reanalysis: Reanalysis, **changes: object) -> None:
    Reanalysis.objects.filter(pk=reanalysis.pk).update(**changes)
    reanalysis.refresh_from_db()


def _audit(reanalysis: Reanalysis, person: User, *, action: str) -> None:
    audit.record(
        actor=person,
        action=action,
        subject=reanalysis,
        patient_id=reanalysis.case.patient_id if reanalysis.case else None,
        scope=reanalysis.scope,
        model_version=str(reanalysis.model_version_id),
        expected=reanalysis.expected,
    )
