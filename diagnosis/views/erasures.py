"""Requests to erase records, for administrators: an id, a reason and who asked; never a name."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.models import Erasure, ErasureState
from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.record_forms import DecisionForm
from diagnosis.services.erasure import carry_out_erasure, refuse_erasure

PAGE_SIZE = 50


@never_cache
@require_safe
@administrators_only
def erasures(request: SignedInRequest) -> HttpResponse:
    """What waits for a decision, and what was decided, newest first."""
    rows = Erasure.objects.select_related("requested_by", "decided_by")
    waiting = rows.filter(state=ErasureState.REQUESTED).order_by("requested_at", "id")
    decided = rows.exclude(state=ErasureState.REQUESTED).order_by("-decided_at", "id")
    page = Paginator(decided, PAGE_SIZE).get_page(request.GET.get("page", 1))
    return render(request, "diagnosis/erasures.html", {"waiting": waiting, "page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def erasure(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One request, and the decision."""
    asked = get_object_or_404(Erasure.objects.select_related("requested_by", "decided_by"), pk=pk)
    form = DecisionForm(request.POST or None, patient_id=str(asked.patient_id))
    if form.is_valid():
        try:
            _decide(request, asked, form.cleaned_data["decision"])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("diagnosis:erasures")
    context = {"erasure": asked, "form": form}
    return render(request, "diagnosis/erasure.html", context, status=400 if form.errors else 200)


def _decide(request: SignedInRequest, asked: Erasure, decision: str) -> None:
    if decision == "carry_out":
        carry_out_erasure(erasure=asked, carried_out_by=request.user)
        messages.success(request, _("The record is erased."))
    else:
        refuse_erasure(erasure=asked, refused_by=request.user)
        messages.success(request, _("The request is refused: the record stays."))
