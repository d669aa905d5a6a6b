"""Answering a proposal to activate a model."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.models import ActivationProposal
from diagnosis.services.model_activation import agree_to_activation, withdraw_proposal


@never_cache
@require_POST
@administrators_only
def proposal_answer(request: SignedInRequest, pk: UUID, answer: str) -> HttpResponse:
    """`agree`: the model is active. `withdraw`: the proposal is gone, by whoever made it or another administrator."""
    proposal = get_object_or_404(ActivationProposal.objects.select_related("model"), pk=pk)
    try:
        if answer == "agree":
            agree_to_activation(proposal=proposal, agreed_by=request.user)
            messages.success(request, _("The model is active: new images are read with it from now on."))
        elif answer == "withdraw":
            withdraw_proposal(proposal=proposal, withdrawn_by=request.user)
            messages.success(request, _("The proposal is withdrawn; nothing else was changed."))
        else:
            raise Http404
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("diagnosis:model", pk=proposal.model_id)
