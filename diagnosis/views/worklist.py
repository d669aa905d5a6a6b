"""The worklist: a doctor's first page."""

import hashlib
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.selectors.emergency_access import know_emergencies
from clinic.selectors.patients import search_patients
from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest, doctors_only
from diagnosis.selectors.saved_views import deleted_view, saved_views
from diagnosis.selectors.worklist import COUNTED_TO, Tab, Worklist, worklist
from diagnosis.selectors.worklist_filters import Filters
from diagnosis.worklist_forms import FilterForm, SearchForm, ViewNameForm, known_tab


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@doctors_only
def worklist_page(request: SignedInRequest) -> HttpResponse:
    """What needs the doctor, first. Filters stand in the address; a search for a patient is a POST and does not."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        context = {"form": form, "search": SearchForm(), "tab": known_tab(request.GET.get("tab")), "tabs": ()}
        return render(request, "diagnosis/worklist.html", context, status=HTTPStatus.BAD_REQUEST)
    context = _list(request, form, request.POST if request.method == "POST" else request.GET)
    if request.htmx:
        return render(request, "diagnosis/_worklist.html", context)
    context |= {
        "views": saved_views(request.user),
        "deleted": deleted_view(request.user, request.GET.get("deleted", "")),
        "name_form": ViewNameForm(),
    }
    return render(request, "diagnosis/worklist.html", context)


@does_not_prolong
@never_cache
@require_safe
@doctors_only
def worklist_live(request: SignedInRequest) -> HttpResponse:
    """The list as a fragment, or 204 when it is as the page already shows it."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    context = _list(request, form, request.GET)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "diagnosis/_worklist.html", context)


def _list(request: SignedInRequest, form: FilterForm, entries: QueryDict) -> dict[str, Any]:
    know_emergencies(request.user)
    search = SearchForm(request.POST)
    query = search.cleaned_data["query"] if request.method == "POST" and search.is_valid() else ""
    filters = form.filters()
    if query:
        filters = Filters(**form.filters().__dict__ | {"patients": search_patients(user=request.user, query=query)})
    tab = known_tab(entries.get("go") or entries.get("tab") or request.GET.get("tab"))
    after, before = entries.get("after", ""), entries.get("before", "")
    found = worklist(person=request.user, tab=tab, filters=filters, after=after, before=before)
    patients = {row.standing.patient_id for row in found.rows}
    audit.record_patients_listed(actor=request.user, patients=patients)
    chosen = {"tab": tab.value, **form.as_address()}
    edge = {"after": after} if after else {"before": before} if before else {}
    return {
        "form": form,
        "filters": filters,
        "search": search,
        "query": query,
        "tab": tab,
        "tabs": [(one, _number(found.counts[one]), urlencode(chosen | {"tab": one.value})) for one in Tab],
        "worklist": found,
        "chosen": chosen,
        "address": urlencode(chosen),
        "live": urlencode(chosen | edge),
        "seen": _seen(found),
        "is_waiting": any(row.standing.pending for row in found.rows),
    }


def _number(count: int) -> str:
    return f"{COUNTED_TO - 1}+" if count >= COUNTED_TO else str(count)


def _seen(found: Worklist) -> str:
    """A digest of all that the list shows, counts and rows alike: whatever changed between the queries for them is
    seen at the next poll, for the list goes on polling as long as it is open."""
    shown = (sorted(found.counts.items()), [_shown(row.standing, row) for row in found.rows])
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _shown(standing: Any, row: Any) -> tuple[object, ...]:
    numbers = (standing.images, standing.pending, standing.failed, standing.unread, standing.settled)
    rest = (standing.urgency_rank, standing.shown_doubt, standing.stage, standing.signed_at, standing.open_requests)
    asked = [(one.kind, one.is_by_name) for one in row.asked]
    return (standing.case_id, *numbers, *rest, asked, row.read_by_me, row.changed, standing.case.patient.restricted_at)
