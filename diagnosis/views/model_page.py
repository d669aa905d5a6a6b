"""A model's page: its card, what was decided about it, and what an administrator can decide."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clinic.views.requests import SignedInRequest
from diagnosis.models import ModelVersion
from diagnosis.selectors.test_sets import current_test_set, evaluations_of, open_proposal
from diagnosis.services.model_activation import what_is_missing
from diagnosis.views.model_card import card_of


def model_page(request: SignedInRequest, model: ModelVersion, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page as it is now, with what the request's answer adds to it."""
    context = {
        "model": model,
        "card": card_of(model),
        "changes": model.changes.select_related("made_by", "consented_by", "other"),
        "evaluations": evaluations_of(model),
        "test_set": current_test_set(model.assay),
        "proposal": open_proposal(model),
        "missing": what_is_missing(model),
        **more,
    }
    return render(request, "diagnosis/model.html", context, status=status)
