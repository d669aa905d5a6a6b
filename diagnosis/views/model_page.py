"""A model's page: its card, what was decided about it, and what an administrator can decide."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clinic.views.requests import SignedInRequest
from diagnosis.models import ModelVersion
from diagnosis.views.model_card import card_of


def model_page(request: SignedInRequest, model: ModelVersion, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page as it is now, with what the request's answer adds to it."""
    context = {
        "model": model,
        "card": card_of(model),
        "changes": model.changes.select_related("made_by", "consented_by", "other"),
        **more,
    }
    return render(request, "diagnosis/model.html", context, status=status)
