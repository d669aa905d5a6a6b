"""What administrators decide about a model: each decision with its reason, under one address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.models import User
from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.model_forms import ReasonForm
from diagnosis.models import ModelState, ModelVersion
from diagnosis.selectors.models import model_before
from diagnosis.selectors.test_sets import open_proposal
from diagnosis.services.model_activation import propose_activation, roll_back, what_is_missing
from diagnosis.services.model_states import move_model
from diagnosis.services.model_stops import resume_model, stop_model
from diagnosis.views.model_page import model_page

Words = str | Promise


@dataclass(frozen=True)
class Decision:
    """One decision: in words, when it can be taken, and what it does."""

    kind: str
    title: Words
    help: Words
    button: Words
    done: Words
    fits: Callable[[ModelVersion], bool]
    carry_out: Callable[..., object]  # model, why, reason, person


def _move(state: ModelState) -> Callable[..., object]:
    def move(model: ModelVersion, why: str, reason: str, person: User) -> None:
        move_model(model=model, state=state, why=why, reason=reason, moved_by=person)

    return move


def _stop(model: ModelVersion, why: str, reason: str, person: User) -> None:
    stop_model(model=model, why=why, reason=reason, stopped_by=person)


def _resume(model: ModelVersion, why: str, reason: str, person: User) -> None:
    resume_model(model=model, why=why, reason=reason, resumed_by=person)


def _propose(model: ModelVersion, why: str, reason: str, person: User) -> None:
    propose_activation(model=model, why=why, reason=reason, proposed_by=person)


def _roll_back(model: ModelVersion, why: str, reason: str, person: User) -> None:
    roll_back(model=model, why=why, reason=reason, rolled_back_by=person)


def _can_be_proposed(model: ModelVersion) -> bool:
    return not what_is_missing(model) and not open_proposal(model)


DECISIONS: Sequence[Decision] = (
    Decision(
        kind="propose",
        title=_("Propose it for activation"),
        help=_(
            "A second administrator has to agree. Then new images of this assay are read with it, and the model that "
            "is active now is retired."
        ),
        button=_("Propose activation"),
        done=_("The activation is proposed. A second administrator has to agree."),
        fits=_can_be_proposed,
        carry_out=_propose,
    ),
    Decision(
        kind="roll-back",
        title=_("Roll back to the model before"),
        help=_(
            "The model that was active before this one is active again at once, and reads what waits. You need nobody "
            "else's consent, because this may have to be quick."
        ),
        button=_("Roll back"),
        done=_("The model before is active again."),
        fits=lambda model: model.state == ModelState.ACTIVE and model_before(model) is not None,
        carry_out=_roll_back,
    ),
    Decision(
        kind="shadow",
        title=_("Run it in the shadow"),
        help=_(
            "It silently reads new images after the active model has read them, and only while no doctor's image "
            "waits. Nobody who treats a patient sees what it says; you see it in numbers beside the active model."
        ),
        button=_("Run in the shadow"),
        done=_("The model runs in the shadow from the next image on."),
        fits=lambda model: model.state == ModelState.CANDIDATE,
        carry_out=_move(ModelState.SHADOW),
    ),
    Decision(
        kind="unshadow",
        title=_("Take it out of the shadow"),
        help=_("It reads no more images. What it has read stays, to compare."),
        button=_("Take it out of the shadow"),
        done=_("The model is a candidate again and reads nothing."),
        fits=lambda model: model.state == ModelState.SHADOW,
        carry_out=_move(ModelState.CANDIDATE),
    ),
    Decision(
        kind="stop",
        title=_("Stop this model"),
        help=_(
            "At once no new image is analysed with it. Images that come in are kept and wait, and their pages say so. "
            "Results that are there stay."
        ),
        button=_("Stop the model"),
        done=_("The model is stopped: nothing new is analysed with it."),
        fits=lambda model: model.stopped_at is None,
        carry_out=_stop,
    ),
    Decision(
        kind="resume",
        title=_("Lift the stop"),
        help=_("The images that wait are analysed, the oldest first."),
        button=_("Lift the stop"),
        done=_("The stop is lifted; the workers go on with what waits."),
        fits=lambda model: model.stopped_at is not None,
        carry_out=_resume,
    ),
    Decision(
        kind="retire",
        title=_("Retire this model"),
        help=_("It is put aside. What was read with it stays, and it can become a candidate again."),
        button=_("Retire the model"),
        done=_("The model is retired."),
        fits=lambda model: model.state in {ModelState.CANDIDATE, ModelState.SHADOW},
        carry_out=_move(ModelState.RETIRED),
    ),
    Decision(
        kind="reopen",
        title=_("Make it a candidate again"),
        help=_("It can then be measured, run in the shadow and proposed for activation."),
        button=_("Make it a candidate"),
        done=_("The model is a candidate again."),
        fits=lambda model: model.state == ModelState.RETIRED,
        carry_out=_move(ModelState.CANDIDATE),
    ),
)


@never_cache
@require_POST
@administrators_only
def model_decision(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """Take one decision; what does not fit any more, or lacks its reason, comes back with a sentence."""
    decision = next((one for one in DECISIONS if one.kind == kind), None)
    if decision is None:
        raise Http404
    model = get_object_or_404(ModelVersion, pk=pk)
    form = ReasonForm(request.POST, kind=kind)
    if form.is_valid():
        try:
            decision.carry_out(model=model, person=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, str(decision.done))
            return redirect("diagnosis:model", pk=pk)
    return model_page(request, model, decisions=decisions_for(model, {kind: form}), status=400)


def decisions_for(model: ModelVersion, forms: dict[str, ReasonForm] | None = None) -> list[dict[str, Any]]:
    """What can be decided about a model now, each with its form; a form that was sent stays, with what is wrong."""
    sent = forms or {}
    return [
        {"decision": one, "form": sent.get(one.kind) or ReasonForm(kind=one.kind), "is_open": one.kind in sent}
        for one in DECISIONS
        if one.fits(model) or one.kind in sent
    ]
