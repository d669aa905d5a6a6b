"""Asking for images to be read anew: each page first says how many, and by which version."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.selectors.care_teams import is_on_team
from clinic.services import audit
from clinic.views.requests import SignedInRequest, administrators_only, doctors_only
from diagnosis.models import Case, ModelState, ModelVersion, Reanalysis, ReanalysisScope
from diagnosis.reanalysis_forms import ReadByForm, versions_that_read
from diagnosis.selectors.models import active_model
from diagnosis.selectors.reanalyses import amount_in_case, amount_of
from diagnosis.services.reanalysing import reanalyse_case, reanalyse_read_by, reanalyse_worklist
from diagnosis.worklist_forms import FilterForm, known_tab


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_reanalysis(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One case. Then back to it: the images say themselves that they are being read anew."""
    case = get_object_or_404(Case.objects.visible_to(request.user).select_related("patient"), pk=pk)
    if not is_on_team(patient=case.patient, user=request.user):
        raise PermissionDenied
    audit.record_look(actor=request.user, action="case.viewed", subject=case, patient_id=case.patient_id)
    if request.method == "POST":
        return _asked(request, lambda: reanalyse_case(case=case, requested_by=request.user), "diagnosis:case", case.pk)
    model = active_model(case.assay)
    context = {
        "case": case,
        "patient": case.patient,
        "model": model,
        "amount": amount_in_case(case=case, model=model, person=request.user) if model else None,
    }
    return render(request, "diagnosis/reanalysis_case.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@doctors_only
def worklist_reanalysis(request: SignedInRequest) -> HttpResponse:
    """All images of the cases that the worklist's filters leave, assay by assay: each has an active version."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect("diagnosis:worklist")
    filters = {**form.as_address(), "tab": known_tab(request.GET.get("tab")).value}
    if request.method == "POST":
        model = get_object_or_404(ModelVersion, pk=_uuid(request.POST.get("model", "")))
        return _asked(
            request, lambda: reanalyse_worklist(model=model, filters=filters, requested_by=request.user), "", None
        )
    models = ModelVersion.objects.filter(state=ModelState.ACTIVE).order_by("assay")
    chosen = [one for one in models if filters.get("assay", one.assay) == one.assay]
    offers = [(one, amount_of(_wanted(request, one, filters))) for one in chosen]
    context = {"form": form, "filters": filters, "offers": offers, "address": request.GET.urlencode()}
    return render(request, "diagnosis/reanalysis_worklist.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def model_reanalysis(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What another version has read. GET with entries says how many images that is; POST has them read."""
    model = get_object_or_404(ModelVersion, pk=pk)
    is_sent = request.method == "POST"
    entries = request.POST if is_sent else request.GET
    form = ReadByForm(entries if is_sent or "read_by" in entries else None, model=model)
    if is_sent and form.is_valid():
        return _asked(
            request,
            lambda: reanalyse_read_by(model=model, requested_by=request.user, **form.cleaned_data),
            "diagnosis:model_reanalysis",
            model.pk,
            is_followed=True,
        )
    amount = amount_of(_read_by(request, model, form)) if form.is_bound and form.is_valid() else None
    context = {
        "model": model,
        "form": form,
        "amount": amount,
        "is_possible": model.state == ModelState.ACTIVE and not model.stopped_at,
        "has_others": versions_that_read(model).exists(),
    }
    return render(request, "diagnosis/reanalysis_model.html", context, status=400 if form.errors else 200)


def _wanted(request: SignedInRequest, model: ModelVersion, filters: dict[str, str]) -> Reanalysis:
    return Reanalysis(
        model_version=model,
        requested_by=request.user,
        scope=ReanalysisScope.WORKLIST,
        filters={**filters, "assay": model.assay},
    )


def _read_by(request: SignedInRequest, model: ModelVersion, form: ReadByForm) -> Reanalysis:
    since = form.cleaned_data["since"]
    filters = {"read_by": str(form.cleaned_data["read_by"].pk)} | ({"since": since.isoformat()} if since else {})
    return Reanalysis(model_version=model, requested_by=request.user, scope=ReanalysisScope.MODEL, filters=filters)


def _asked(
    request: SignedInRequest,
    ask: Callable[[], Reanalysis],
    back: str,
    pk: UUID | None,
    *,
    is_followed: bool = False,
) -> HttpResponse:
    """Where the person goes on: to how far it is, or back with a sentence."""
    try:
        found = ask()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(back, pk=pk) if back else redirect(f"{request.path}?{request.GET.urlencode()}")
    words = ngettext(
        "%(number)d image is read anew by %(model)s.",
        "%(number)d images are read anew by %(model)s.",
        found.expected,
    )
    messages.success(request, words % {"number": found.expected, "model": found.model_version})
    if back and not is_followed:
        return redirect(back, pk=pk)
    return redirect("diagnosis:reanalysis", pk=found.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
