"""The audit trail, to read: for auditors alone, and reading it is on record too."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.exports import download
from clinic.models import AuditEvent, Purpose, User
from clinic.selectors.audit import find_events, page_of_events, people_by_id, sign_in_failures
from clinic.services import audit
from clinic.trail_forms import PlaceForm, TrailForm
from clinic.views.requests import SignedInRequest, auditors_only

COLUMNS = ("Row", "Time", "Person", "Name", "Role", "Action", "Purpose", "Thing", "Thing's id", "Patient", "Address")
HEADINGS = (*COLUMNS, "Request", "Link", "Hash")
ROWS_AT_ONCE = 2_000
PLACE = ("older", "newer")


@never_cache
@require_safe
@auditors_only
def trail(request: SignedInRequest) -> HttpResponse:
    """The rows that fit the filters, newest first."""
    form = TrailForm(request.GET)
    if not form.is_valid():
        return render(request, "clinic/trail.html", {"form": form}, status=400)
    asked = _filters(form)
    place = {name: form.cleaned_data[name] for name in PLACE}
    page = page_of_events(find_events(**asked), **place)
    _note(request, "trail.viewed", asked)
    context = {"form": form, "page": page, "query": _query(request)}
    return render(request, "clinic/trail.html", context)


@never_cache
@require_safe
@auditors_only
def trail_export(request: SignedInRequest, form: Literal["csv", "xlsx"]) -> HttpResponseBase:
    """All rows that fit the filters, as a file."""
    entries = TrailForm(request.GET)
    if not entries.is_valid():
        return render(request, "clinic/trail.html", {"form": entries}, status=400)
    asked = _filters(entries)
    events = find_events(**asked).select_related("actor", "link").order_by("-occurred_at", "-id")
    _note(request, "trail.exported", asked, purpose=Purpose.EXPORT, form=form)
    return download(form=form, name=f"trail-{timezone.localdate()}", headings=HEADINGS, rows=_rows(events))


@never_cache
@require_safe
@auditors_only
def trail_sign_ins(request: SignedInRequest) -> HttpResponse:
    """Attempts to sign in that failed, or were put off because there were too many."""
    form = PlaceForm(request.GET)
    page = page_of_events(sign_in_failures(), **(form.cleaned_data if form.is_valid() else {}))
    _note(request, "trail.viewed", {}, only="sign_ins")
    accounts = people_by_id(event.subject_id for event in page.events)
    attempts = [(event, accounts.get(event.subject_id)) for event in page.events]
    return render(request, "clinic/trail_sign_ins.html", {"page": page, "attempts": attempts})


def _filters(form: TrailForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name not in PLACE}


def _query(request: SignedInRequest) -> str:
    """The filters as an address has them, without the page's place."""
    asked = request.GET.copy()
    for name in PLACE:
        asked.pop(name, None)
    return asked.urlencode()


def _note(
    request: SignedInRequest, action: str, asked: Mapping[str, Any], *, purpose: Purpose | None = None, **detail: str
) -> None:
    """Reading the trail about a patient is a look at that patient's id, and stands with the other looks."""
    patient: UUID | None = asked.get("patient")
    filters = {name: _plain(value) for name, value in asked.items() if value and name != "address"}
    audit.record(
        actor=request.user,
        action=action,
        subject=request.user,
        patient_id=patient,
        purpose=purpose,
        filters=filters,
        **detail,
    )


def _plain(value: User | UUID | date | str) -> str:
    return str(value.pk) if isinstance(value, User) else str(value)


def _rows(events: Any) -> Iterator[tuple[object, ...]]:
    """Rows for HEADINGS."""
    event: AuditEvent
    for event in events.iterator(chunk_size=ROWS_AT_ONCE):
        link = getattr(event, "link", None)  # written at the commit of the row
        yield (
            event.pk,
            event.occurred_at.isoformat(),
            event.actor_id,
            event.actor.full_name if event.actor else "the system",
            event.role,
            event.action,
            event.purpose,
            event.subject_type,
            event.subject_id,
            event.patient_id,
            event.address,
            event.request_id,
            link and link.position,
            link and link.hash,
        )
