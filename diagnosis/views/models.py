"""The model registry, to read."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from clinic.views.requests import SignedInRequest
from diagnosis.models import ModelState, ModelVersion
from diagnosis.views.model_decisions import decisions_for
from diagnosis.views.model_page import model_page
from mlcore.assays import ASSAYS


@require_safe
def models(request: SignedInRequest) -> HttpResponse:
    """Every model by assay: the active one first, then the others, newest first."""
    versions = list(ModelVersion.objects.select_related("activated_by").defer("manifest"))
    versions.sort(key=lambda version: version.state != ModelState.ACTIVE)
    groups = [(assay, [version for version in versions if version.assay == slug]) for slug, assay in ASSAYS.items()]
    return render(request, "diagnosis/models.html", {"groups": groups})


@require_safe
def model(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """A model's card: what it is for, what it learned from, how well it does, and what was decided about it."""
    version = get_object_or_404(ModelVersion.objects.select_related("activated_by", "stopped_by"), pk=pk)
    return model_page(request, version, decisions=decisions_for(version) if request.user.is_administrator else [])
