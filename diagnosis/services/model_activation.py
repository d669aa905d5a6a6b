"""Making a model the active one takes two administrators; going back to the one before takes one: it hurries."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from diagnosis.models import ActivationProposal, ChangeKind, ModelEvaluation, ModelState, ModelVersion, ProposalState
from diagnosis.selectors.models import model_before
from diagnosis.selectors.test_sets import finished_evaluation
from diagnosis.services.analysis_queue import hand_over_waiting
from diagnosis.services.model_states import Note, lock_assay, make_active
from mlcore.manifest import FORMAT


@transaction.atomic
def propose_activation(*, model: ModelVersion, why: str, reason: str, proposed_by: User) -> ActivationProposal:
    """Ask a second administrator to agree. ValidationError that says what is missing, or that it is proposed."""
    administrators_only(proposed_by)
    note = Note.of(proposed_by, why, reason)
    current = lock_assay(model.assay)[model.pk]
    evaluation = _required_evaluation(current)
    if current.proposals.filter(state=ProposalState.OPEN).exists():
        raise ValidationError(_("Its activation is proposed already."))
    proposal = ActivationProposal.objects.create(
        model=current, evaluation=evaluation, why=note.why, reason=note.reason, proposed_by=proposed_by
    )
    _audit("model.activation_proposed", proposal, proposed_by)
    return proposal


@transaction.atomic
def agree_to_activation(*, proposal: ActivationProposal, agreed_by: User) -> ModelVersion:
    """Activate the proposed model; the one before is retired. New analyses use it from now on.

    Raises ValidationError when it was decided meanwhile, is not what it was when it was proposed, or when one and the
    same person proposes and agrees.
    """
    administrators_only(agreed_by)
    versions = lock_assay(proposal.model.assay)
    current = _lock_open(proposal)
    if current.proposed_by_id == agreed_by.pk:
        raise ValidationError(_("You proposed this yourself: a second administrator has to agree."))
    if not (current.proposed_by.is_active and current.proposed_by.is_administrator):
        raise ValidationError(_("Whoever proposed this is no administrator any more. Withdraw it and propose it anew."))
    model = versions[current.model_id]
    if _required_evaluation(model).pk != current.evaluation_id:
        raise ValidationError(_("Another test set was locked since. Withdraw the proposal and make it anew."))
    _decide(current, ProposalState.APPROVED, agreed_by)
    note = Note(made_by=current.proposed_by, why=current.why, reason=current.reason, consented_by=agreed_by)
    return make_active(model=model, versions=versions, kind=ChangeKind.ACTIVATED, note=note)


@transaction.atomic
def withdraw_proposal(*, proposal: ActivationProposal, withdrawn_by: User) -> ActivationProposal:
    """Take a proposal back, or refuse it: any administrator can. ValidationError when it was decided meanwhile."""
    administrators_only(withdrawn_by)
    lock_assay(proposal.model.assay)
    current = _lock_open(proposal)
    _decide(current, ProposalState.WITHDRAWN, withdrawn_by)
    return current


@transaction.atomic
def roll_back(*, model: ModelVersion, why: str, reason: str, rolled_back_by: User) -> ModelVersion:
    """Make the model before this one active again, at once. Returns that model.

    Raises ValidationError when this one is not active any more (a second click), or there is none to go back to.
    """
    administrators_only(rolled_back_by)
    note = Note.of(rolled_back_by, why, reason)
    versions = lock_assay(model.assay)
    current = versions[model.pk]
    if current.state != ModelState.ACTIVE:
        raise ValidationError(_("This model is not active any more; nothing was changed."))
    before = model_before(current)
    if before is None:
        raise ValidationError(_("There is no model to go back to."))
    active = make_active(model=before, versions=versions, kind=ChangeKind.ROLLED_BACK_TO, note=note)
    hand_over_waiting(from_model=model, to_model=active, by=rolled_back_by)
    return active


def what_is_missing(model: ModelVersion) -> str:
    """Why a model cannot be proposed for activation now, in a sentence; empty when it can."""
    if model.state == ModelState.ACTIVE:
        return _("It is active already.")
    if model.stopped_at:
        return _("It is stopped. Lift the stop first.")
    if model.manifest.get("format") != FORMAT:
        return _("Its bundle is of a format that this program does not read.")
    if finished_evaluation(model) is None:
        return _("It has to be measured on the assay's current locked test set first.")
    return ""


def _required_evaluation(model: ModelVersion) -> ModelEvaluation:
    missing = what_is_missing(model)
    evaluation = finished_evaluation(model)
    if missing or evaluation is None:
        raise ValidationError(missing)
    return evaluation


def _lock_open(proposal: ActivationProposal) -> ActivationProposal:
    rows = ActivationProposal.objects.select_for_update(no_key=True, of=("self",)).select_related("proposed_by")
    current = rows.get(pk=proposal.pk)
    if current.state != ProposalState.OPEN:
        raise ValidationError(_("This proposal was decided or withdrawn already."))
    return current


def _decide(proposal: ActivationProposal, state: ProposalState, person: User) -> None:
    ActivationProposal.objects.filter(pk=proposal.pk).update(state=state, decided_by=person, decided_at=Now())
    proposal.refresh_from_db()
    _audit(f"model.activation_{state.value}", proposal, person)


def _audit(action: str, proposal: ActivationProposal, person: User) -> None:
    audit.record(
        actor=person,
        action=action,
        subject=proposal.model,
        proposal=str(proposal.pk),
        evaluation=str(proposal.evaluation_id),
        why=proposal.why,
    )
