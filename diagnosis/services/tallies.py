"""Counting how analyses end, as they end. Nobody's data are in a count, so the trail has no row of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from diagnosis.models import Analysis, AnalysisState, AnalysisTally
from diagnosis.models.analysis_tally import LIMITS, MORE

COUNTED = (AnalysisState.SUCCEEDED, AnalysisState.FAILED, AnalysisState.QUARANTINED)
MOST_AT_ONCE = 5_000

Kind = tuple[str, str, float]


def count_ended(ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
    """Count analyses that the current transaction has just ended. Returns of each its `pk` and `request_id`."""
    ended = Analysis.objects.filter(pk__in=ids).annotate(took=F("finished_at") - F("queued_at"))
    rows = list(ended.values("pk", "request_id", "state", "failure_code", "took"))
    counts: Counter[Kind] = Counter()
    seconds: defaultdict[Kind, float] = defaultdict(float)
    for row in rows:
        if row["state"] in COUNTED:
            kind = (row["state"], row["failure_code"], _limit(row["took"].total_seconds()))
            counts[kind] += 1
            seconds[kind] += row["took"].total_seconds()
    _write(counts, seconds)
    return rows


@transaction.atomic
def put_together() -> None:
    """Make one row of all rows of a kind, leaving out those that somebody else is just putting together."""
    rows = list(AnalysisTally.objects.select_for_update(skip_locked=True, no_key=True).order_by("pk")[:MOST_AT_ONCE])
    counts: Counter[Kind] = Counter()
    seconds: defaultdict[Kind, float] = defaultdict(float)
    for row in rows:
        kind = (row.state, row.reason, row.within)
        counts[kind] += row.count
        seconds[kind] += row.seconds
    if len(counts) == len(rows):
        return
    AnalysisTally.objects.filter(pk__in=[row.pk for row in rows]).delete()
    _write(counts, seconds)


def _limit(seconds: float) -> float:
    return next((limit for limit in LIMITS if seconds <= limit), MORE)


def _write(counts: "Counter[Kind]", seconds: "defaultdict[Kind, float]") -> None:
    AnalysisTally.objects.bulk_create(
        AnalysisTally(state=state, reason=reason, within=within, count=count, seconds=seconds[state, reason, within])
        for (state, reason, within), count in counts.items()
    )
