"""Images that a doctor sent and that are still being analysed, or are no longer."""

from collections.abc import Collection, Sequence
from uuid import UUID

from clinic.models import User
from diagnosis.models import Analysis, CaseStanding, Priority

MOST_WATCHED = 50


def awaited_cases(person: User) -> Sequence[UUID]:
    """The cases in which images that the person sent wait for their analysis: one look into a small index.

    What is read anew is not among them: it has a page of its own, and its case counts as analysed.
    """
    pending = (
        Analysis.objects.visible_to(person)
        .pending()
        .filter(requested_by=person, image__withdrawn_at=None, priority=Priority.FIRST)
    )
    return list(pending.order_by().values_list("image__case", flat=True).distinct()[:MOST_WATCHED])


def watched_cases(person: User, watched: Collection[UUID]) -> Sequence[CaseStanding]:
    """Those of the cases that the person sees and that have images, `pending` among them or not."""
    seen = CaseStanding.objects.visible_to(person).filter(case__in=list(watched)[:MOST_WATCHED], images__gt=0)
    return list(seen.order_by("specimen_date", "case"))
