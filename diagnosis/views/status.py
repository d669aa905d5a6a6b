"""How the site is doing, and what waits or failed: for administrators, by ids and codes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.models import AnalysisState
from diagnosis.selectors.site_status import site_status
from diagnosis.selectors.stuck_analyses import MOST_COUNTED, count_of, oldest_page
from diagnosis.services.queue_administration import cancel_all, retry_all
from diagnosis.status_forms import ActionForm, WantedForm


@never_cache
@require_safe
@administrators_only
def status(request: SignedInRequest) -> HttpResponse:
    """Queue, workers, failures, sizes, versions, last backup and last checks."""
    return render(request, "diagnosis/status.html", {"status": site_status()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def status_analyses(request: SignedInRequest) -> HttpResponse:
    """Analyses of one state, longest waiting first, to be retried or cancelled singly or all that fit."""
    action = ActionForm(request.POST) if request.method == "POST" else None
    if action and action.is_valid():
        return _done(request, action)
    form = WantedForm(request.POST or request.GET)
    if not form.is_valid():
        return render(request, "diagnosis/status_analyses.html", {"form": form}, status=400)
    wanted = form.wanted()
    count = count_of(wanted)
    context = {
        "form": form,
        "action": action,
        "wanted": wanted,
        "analyses": oldest_page(wanted),
        "count": count,
        "has_more": count >= MOST_COUNTED,
        "can_cancel": wanted.state == AnalysisState.QUEUED,
    }
    return render(request, "diagnosis/status_analyses.html", context, status=400 if action else 200)


def _done(request: SignedInRequest, form: ActionForm) -> HttpResponse:
    wanted = form.wanted()
    if form.cleaned_data["action"] == "retry":
        count = retry_all(wanted=wanted, retried_by=request.user)
        told = ngettext("%(count)s analysis waits again.", "%(count)s analyses wait again.", count)
    else:
        count = cancel_all(wanted=wanted, cancelled_by=request.user)
        told = ngettext("%(count)s analysis is cancelled.", "%(count)s analyses are cancelled.", count)
    if count:
        messages.success(request, told % {"count": count})
    else:
        messages.error(request, _("Nothing was changed: none of them is in that state any more."))
    asked = {name: form.data[name] for name in WantedForm.base_fields if form.data.get(name)}
    return redirect(reverse("diagnosis:status_analyses", query=asked))
