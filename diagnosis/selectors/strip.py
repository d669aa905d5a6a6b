"""The strip of a case's images: what stands there while one of them is looked at. No verdict is among it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef

from clinic.models import User
from diagnosis.models import AnalysisState, Case, Reading
from diagnosis.selectors.images import leading_of_image


@dataclass(frozen=True)
class StripImage:
    """One image: its number in the case, how far its analysis is, and whether the person has read it."""

    pk: UUID
    number: int
    has_thumbnail: bool
    state: str
    is_read: bool
    is_withdrawn: bool

    @property
    def state_label(self) -> str:
        """The state in words; empty without an analysis."""
        return str(AnalysisState(self.state).label) if self.state else ""


def strip_of(*, case: Case, person: User) -> Sequence[StripImage]:
    """All images of a case in the order they came in: one query, whatever their number."""
    read = Reading.objects.filter(image=OuterRef("pk"), reader=person)
    rows = (
        case.images.annotate(state=leading_of_image("state"), is_read=Exists(read))
        .order_by("created_at", "id")
        .values_list("pk", "thumbnail_sha256", "state", "is_read", "withdrawn_at")
    )
    return [
        StripImage(
            pk=pk,
            number=number,
            has_thumbnail=bool(thumbnail),
            state=state or "",
            is_read=is_read,
            is_withdrawn=withdrawn_at is not None,
        )
        for number, (pk, thumbnail, state, is_read, withdrawn_at) in enumerate(rows.iterator(), start=1)
    ]
