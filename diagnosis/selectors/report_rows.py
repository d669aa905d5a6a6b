"""What a case's report is made of, as one person is shown it: fetched in a few queries, whatever the case's size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef

from clinic.models import User
from diagnosis.models import Analysis, AnalysisState, Case, Prediction, Reading, ReadingRequest, Report, SlideImage
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.outcomes import ImageOutcome, outcome_of_image


@dataclass(frozen=True)
class ReportRows:
    """The rows. What is withheld from the person is not among them; `withheld` are the images it concerns.

    `readings` and `predictions` are by image, the oldest first; `earlier` is the newest report there is already.
    """

    case: Case
    images: Sequence[SlideImage]
    readings: Mapping[UUID, Sequence[Reading]]
    predictions: Mapping[UUID, Sequence[Prediction]]
    withheld: frozenset[UUID]
    pending: frozenset[UUID]
    requests: Sequence[ReadingRequest]
    reading_count: int
    earlier: Report | None

    @property
    def in_use(self) -> Sequence[SlideImage]:
        return [image for image in self.images if image.withdrawn_at is None]

    @property
    def version(self) -> int:
        """That of the report to be signed next."""
        return self.earlier.version + 1 if self.earlier else 1

    def outcome(self, image: SlideImage) -> ImageOutcome:
        """What the image's readings come to, of those that the person is shown."""
        replaced = {reading.replaces_id for reading in self.readings[image.pk]}
        return outcome_of_image(reading for reading in self.readings[image.pk] if reading.pk not in replaced)


def rows_of(case: Case, *, person: User) -> ReportRows:
    """The rows of a case (with its patient at hand) that the person may see: eight queries."""
    images = SlideImage.objects.filter(case=case)
    return ReportRows(
        case=case,
        images=list(images.select_related("withdrawn_by").order_by("created_at", "pk")),
        readings=_readings(case, person),
        predictions=_predictions(case, person),
        withheld=frozenset(images.in_use().filter(withheld_from(person)).values_list("pk", flat=True)),
        pending=_pending(case),
        requests=list(ReadingRequest.objects.visible_to(person).open().filter(image__case=case)),
        reading_count=Reading.objects.filter(image__case=case).count(),
        earlier=Report.objects.filter(case=case)
        .defer("content")
        .select_related("signed_by")
        .order_by("-version")
        .first(),
    )


def _pending(case: Case) -> frozenset[UUID]:
    """The images without a result yet. Being read anew stands in no signature's way: what there is was read."""
    waiting = Analysis.objects.pending().filter(image__case=case)
    has_result = Analysis.objects.filter(image=OuterRef("image"), state=AnalysisState.SUCCEEDED)
    return frozenset(waiting.filter(~Exists(has_result)).values_list("image", flat=True))


def _readings(case: Case, person: User) -> Mapping[UUID, Sequence[Reading]]:
    shown = Reading.objects.shown_to(person).filter(image__case=case).select_related("reader")
    by_image: dict[UUID, list[Reading]] = defaultdict(list)
    for reading in shown.order_by("created_at", "pk"):
        by_image[reading.image_id].append(reading)
    return by_image


def _predictions(case: Case, person: User) -> Mapping[UUID, Sequence[Prediction]]:
    shown = Prediction.objects.shown_to(person).filter(analysis__image__case=case)
    by_image: dict[UUID, list[Prediction]] = defaultdict(list)
    for prediction in shown.select_related("analysis__model_version").order_by("created_at", "pk"):
        by_image[prediction.analysis.image_id].append(prediction)
    return by_image
