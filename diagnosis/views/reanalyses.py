"""How far it is with images that are to be read anew, in numbers; and putting an end to it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest, only
from diagnosis.models import Reanalysis
from diagnosis.selectors.reanalyses import Progress, is_over, progress_of
from diagnosis.services.reanalysing import stop_reanalysis
from diagnosis.views.reanalysis_words import scope_words

PAGE_SIZE = 50

not_auditors = only(lambda person: person.is_doctor or person.is_administrator)


@never_cache
@require_safe
@not_auditors
def reanalyses(request: SignedInRequest) -> HttpResponse:
    """All that the person may see, the newest first: administrators everything, in numbers."""
    mine = Reanalysis.objects.visible_to(request.user)
    if not request.user.is_administrator:
        mine = mine.filter(requested_by=request.user)
    page = Paginator(mine.select_related("model_version", "requested_by"), PAGE_SIZE).get_page(
        request.GET.get("page", "1")
    )
    progress = progress_of(page)
    rows = [(one, progress.get(one.pk, Progress()), scope_words(one)) for one in page]
    return render(request, "diagnosis/reanalyses.html", {"rows": rows, "page": page})


@never_cache
@require_safe
def reanalysis(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One of them."""
    found = _found(request, pk)
    return render(request, "diagnosis/reanalysis.html", _context(request, found))


@does_not_prolong
@never_cache
@require_safe
def reanalysis_progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment that the page polls; it asks for the page once nothing more is to come."""
    context = _context(request, _found(request, pk))
    if context["is_over"]:
        return HttpResponseClientRefresh()
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "diagnosis/_reanalysis_progress.html", context)


@never_cache
@require_POST
def reanalysis_stop(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Put an end to it; what has been read stays."""
    found = _found(request, pk)
    try:
        stop_reanalysis(reanalysis=found, stopped_by=request.user)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("Stopped. What waited is taken out of the queue; results that are there stay."))
    return redirect("diagnosis:reanalysis", pk=pk)


def _found(request: SignedInRequest, pk: UUID) -> Reanalysis:
    """With the look at the case noted, where it is about one that the person sees."""
    rows = Reanalysis.objects.visible_to(request.user)
    found = get_object_or_404(rows.select_related("model_version", "requested_by", "stopped_by", "case"), pk=pk)
    if found.case and request.user.is_doctor:
        audit.record_look(
            actor=request.user, action="case.viewed", subject=found.case, patient_id=found.case.patient_id
        )
    return found


def _context(request: SignedInRequest, found: Reanalysis) -> dict[str, Any]:
    progress = progress_of([found]).get(found.pk, Progress())
    gone = progress.done + progress.failed + progress.cancelled
    is_mine = found.requested_by_id == request.user.pk or request.user.is_administrator
    return {
        "reanalysis": found,
        "progress": progress,
        "gone": gone,
        "total": max(found.expected, found.queued),
        "scope": scope_words(found),
        "is_over": is_over(found, progress),
        "can_be_stopped": is_mine and not found.stopped_by_id and not is_over(found, progress),
        "seen": f"{found.state}-{found.queued}-{found.known}-{gone}",
        "shows_case": found.case and request.user.is_doctor,
    }
