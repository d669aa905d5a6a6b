"""Analyses that an administrator may do something about: those that wait, and those that ended without a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from diagnosis.models import Analysis, AnalysisState
from diagnosis.models.analysis import RETRYABLE

STATES = (*RETRYABLE, AnalysisState.QUEUED)
PAGE_SIZE = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Wanted:
    """A filter: all that is given must fit."""

    state: AnalysisState
    code: str = ""
    model: UUID | None = None
    analysis: UUID | None = None

    def analyses(self) -> QuerySet[Analysis]:
        """Those that fit; not those of a record that is restricted, which nobody touches."""
        asked = {"failure_code": self.code, "model_version_id": self.model, "pk": self.analysis}
        fitting = {field: value for field, value in asked.items() if value}
        return Analysis.objects.filter(state=self.state, image__case__patient__restricted_at__isnull=True, **fitting)


def oldest_page(wanted: Wanted) -> Sequence[Analysis]:
    """The first of them, those that wait longest."""
    return list(wanted.analyses().select_related("model_version").order_by("queued_at", "pk")[:PAGE_SIZE])


def count_of(wanted: Wanted) -> int:
    """How many there are; it stops at MOST_COUNTED."""
    return wanted.analyses().order_by()[:MOST_COUNTED].count()
