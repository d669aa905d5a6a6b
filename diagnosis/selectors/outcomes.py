"""What an image's and a case's readings come to. The rules stand here and nowhere else.

Pure functions over readings at hand: whoever fetches them decides for whom.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from diagnosis.models import Answer, Reading, ReadingRole
from mlcore.assays import Assay


class Standing(StrEnum):
    """How far the reading of an image is."""

    UNREAD = "unread"
    DISAGREEMENT = "disagreement"  # two doctors differ, and nobody has adjudicated
    SETTLED = "settled"


@dataclass(frozen=True)
class ImageOutcome:
    """What the readings of an image come to; `reading` is the one that leads, None unless it is settled."""

    standing: Standing
    reading: Reading | None = None

    @property
    def result(self) -> str:
        """The leading reading's class, or its answer where it gives none; empty unless it is settled."""
        return self.reading.result if self.reading else ""


def outcome_of_image(readings: Iterable[Reading]) -> ImageOutcome:
    """The rule for one image, from its current readings: the adjudication leads; else all doctors must say the same.

    When they do, the earliest of them leads.
    """
    ordered = sorted(readings, key=lambda reading: (reading.created_at, reading.pk))
    if not ordered:
        return ImageOutcome(Standing.UNREAD)
    adjudications = [reading for reading in ordered if reading.role == ReadingRole.ADJUDICATION]
    if adjudications:
        return ImageOutcome(Standing.SETTLED, adjudications[-1])
    if len({reading.result for reading in ordered}) > 1:
        return ImageOutcome(Standing.DISAGREEMENT)
    return ImageOutcome(Standing.SETTLED, ordered[0])


def outcomes_by_image(readings: Iterable[Reading], images: Iterable[UUID]) -> Mapping[UUID, ImageOutcome]:
    """The outcome of each image by its id, from the current readings of all of them."""
    of_image: dict[UUID, list[Reading]] = {image: [] for image in images}
    for reading in readings:
        of_image[reading.image_id].append(reading)
    return {image: outcome_of_image(found) for image, found in of_image.items()}


def worst_first(assay: Assay) -> Sequence[str]:
    """Every result a reading can come to, the one that leads a case first.

    Malignant classes, the last of the assay's order first; then what nobody could tell; then the other classes; and
    images that were unsuitable last, because they say nothing about the patient.
    """
    malignant = [name for name in reversed(assay.classes) if name in assay.malignant]
    benign = [name for name in reversed(assay.classes) if name not in assay.malignant]
    return [*malignant, Answer.CANNOT_TELL.value, *benign, Answer.UNSUITABLE.value]


def result_of_case(assay: Assay, outcomes: Iterable[ImageOutcome]) -> str:
    """The rule for a case: the worst settled reading leads. Empty when no image is settled."""
    order = worst_first(assay)
    settled = [outcome.result for outcome in outcomes if outcome.standing is Standing.SETTLED]
    return min(settled, key=order.index, default="")
