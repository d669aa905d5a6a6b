"""What every page of a doctor asks now and then: have the images been analysed?"""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest, doctors_only
from diagnosis.models import Case
from diagnosis.selectors.batches import MOST_WATCHED, awaited_cases, watched_cases


@does_not_prolong
@never_cache
@require_safe
@doctors_only
def batches(request: SignedInRequest) -> HttpResponse:
    """`case`, any number of times: what the page was told to watch. The answer tells which of them are finished, and
    which to watch from now on; the page remembers them, so that nothing is missed between two pages."""
    watched = _ids(request.GET.getlist("case")[:MOST_WATCHED])
    standings = watched_cases(request.user, watched) if watched else []
    finished = [one for one in standings if not one.pending]
    waiting = dict.fromkeys([*awaited_cases(request.user), *(one.case_id for one in standings if one.pending)])
    acts = [
        audit.Act(action="case.told_analysed", subject=Case(pk=one.case_id), patient_id=one.patient_id)
        for one in finished
    ]
    audit.record_looks(actor=request.user, acts=acts)
    context = {"finished": finished, "waiting": [str(pk) for pk in waiting]}
    return render(request, "diagnosis/_batches.html", context)


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
