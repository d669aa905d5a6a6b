"""How a model did on a locked test set: started by an administrator, followed live, read by everybody."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.delivery import report_of
from diagnosis.models import ModelEvaluation, ModelVersion
from diagnosis.services import file_store
from diagnosis.services.evaluations import start_evaluation
from diagnosis.views.evaluation_tables import confusion_of, tables_of


@never_cache
@require_POST
@administrators_only
def evaluate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Have a model measured on its assay's current test set; a second click leads to the same."""
    model = get_object_or_404(ModelVersion, pk=pk)
    try:
        evaluation = start_evaluation(model=model, started_by=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("diagnosis:model", pk=pk)
    return redirect("diagnosis:evaluation", pk=evaluation.pk)


@never_cache
@require_safe
def evaluation(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The figures, or how far the measuring is."""
    found = _found(pk)
    return render(request, "diagnosis/evaluation.html", _context(found))


@does_not_prolong
@never_cache
@require_safe
def evaluation_progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment that the page polls; it asks for the page when there are figures."""
    found = _found(pk)
    if not found.is_pending:
        return HttpResponseClientRefresh()
    if request.GET.get("seen") == _seen(found):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "diagnosis/_evaluation_progress.html", {"evaluation": found, "seen": _seen(found)})


@never_cache
@require_safe
def evaluation_report(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The report with its curves, as one page to save and to print."""
    found = _found(pk)
    if not found.report_sha256:
        raise Http404
    try:
        return report_of(found)
    except file_store.DamagedFile:
        sentence = _("The report's file is missing or damaged. Please tell whoever runs this server.")
        context = _context(found) | {"message": sentence}
        return render(request, "diagnosis/evaluation.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _found(pk: UUID) -> ModelEvaluation:
    return get_object_or_404(ModelEvaluation.objects.select_related("model", "test_set", "started_by"), pk=pk)


def _seen(evaluation: ModelEvaluation) -> str:
    return f"{evaluation.state}-{evaluation.done}"


def _context(evaluation: ModelEvaluation) -> dict[str, Any]:
    metrics = evaluation.metrics or {}
    return {
        "evaluation": evaluation,
        "model": evaluation.model,
        "seen": _seen(evaluation),
        "tables": tables_of(evaluation.model, metrics),
        "confusion": confusion_of(evaluation.model, metrics),
    }
