"""How far a case is read, as one person may see it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from clinic.models import User
from diagnosis.models import Case, Reading, ReadingRequest, RequestKind, SlideImage
from diagnosis.selectors.outcomes import Standing, outcome_of_image


class ReadingState(StrEnum):
    """What a person sees of the reading of one image."""

    UNREAD = "unread"
    ASKED = "asked"  # of the person, as second reader
    READ = "read"  # by the person
    READ_BY_OTHERS = "read_by_others"
    DISAGREEMENT = "disagreement"


NEEDS_READING = (ReadingState.UNREAD, ReadingState.ASKED)


@dataclass(frozen=True)
class CaseProgress:
    """The state of each image in use, in the case's order."""

    states: Mapping[UUID, ReadingState]

    @property
    def total(self) -> int:
        return len(self.states)

    @property
    def read(self) -> int:
        return sum(state not in NEEDS_READING for state in self.states.values())

    def next_to_read(self, *, after: UUID | None = None) -> UUID | None:
        """The first image that needs the person's reading, looking on from an image and then from the beginning."""
        order = list(self.states)
        start = order.index(after) + 1 if after is not None and after in self.states else 0
        turned = order[start:] + order[:start]
        return next((image for image in turned if image != after and self.states[image] in NEEDS_READING), None)


def progress_of(case: Case, *, person: User) -> CaseProgress:
    """Three queries, whatever the number of images."""
    images = SlideImage.objects.in_use().filter(case=case).order_by("created_at", "id").values_list("pk", flat=True)
    shown = Reading.objects.shown_to(person).current().filter(image__case=case)
    of_image: dict[UUID, list[Reading]] = defaultdict(list)
    for reading in shown.defer("comment", "change_reason"):
        of_image[reading.image_id].append(reading)
    requests = ReadingRequest.objects.open().filter(image__case=case, kind=RequestKind.SECOND, asked_of=person)
    asked = set(requests.values_list("image", flat=True))
    return CaseProgress({pk: _state(of_image[pk], person, is_asked=pk in asked) for pk in images})


def _state(readings: Sequence[Reading], person: User, *, is_asked: bool) -> ReadingState:
    if is_asked:
        return ReadingState.ASKED
    if outcome_of_image(readings).standing is Standing.DISAGREEMENT:
        return ReadingState.DISAGREEMENT
    if any(reading.reader_id == person.pk for reading in readings):
        return ReadingState.READ
    return ReadingState.READ_BY_OTHERS if readings else ReadingState.UNREAD
