"""Reading a case's images with what is known about each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from clinic.models import User
from diagnosis.models import Analysis, AnalysisState, Case, Prediction, SlideImage
from diagnosis.selectors.waiting import InQueue, queue_places

PAGE_SIZE = 200


@dataclass(frozen=True)
class ImageStatus:
    """An image, the analysis that leads, and its place in the model's queue while it waits.

    `others` are all others that it has, the newest first: by earlier versions, or by one that is to read it anew.
    """

    image: SlideImage
    analysis: Analysis | None
    in_queue: InQueue | None = None
    others: Sequence[Analysis] = ()

    @property
    def queue_position(self) -> int | None:
        """Its place alone (1: next)."""
        return self.in_queue.position if self.in_queue else None

    @property
    def is_stopped(self) -> bool:
        """Whether it waits because its model is stopped."""
        return bool(
            self.analysis and self.analysis.state == AnalysisState.QUEUED and self.analysis.model_version.stopped_at
        )

    @property
    def prediction(self) -> Prediction | None:
        return getattr(self.analysis, "prediction", None)

    @property
    def anew(self) -> Analysis | None:
        """The newest analysis, where it does not lead: the image is being read anew, or could not be."""
        newest = self.others[0] if self.others else None
        is_newer = newest and self.analysis and newest.created_at > self.analysis.created_at
        return newest if is_newer and newest and newest.state != AnalysisState.CANCELLED else None

    @property
    def is_waiting(self) -> bool:
        """Whether something is to come: its first result, or another one."""
        return any(one.is_pending for one in (self.analysis, self.anew) if one) and not self.image.withdrawn_at

    @property
    def is_withheld(self) -> bool:
        """Whether there is a prediction that the person does not get to see yet."""
        return bool(self.analysis and self.analysis.state == AnalysisState.SUCCEEDED and not self.prediction)


@dataclass(frozen=True)
class ImagePage:
    """One page of a case's images."""

    page: Page[SlideImage]
    statuses: Sequence[ImageStatus]


@dataclass(frozen=True)
class Place:
    """Where an image stands in its case."""

    number: int
    total: int
    previous: UUID | None
    following: UUID | None


def with_analyses(images: QuerySet[SlideImage], *, person: User) -> QuerySet[SlideImage]:
    """The images with their analyses, newest first, each with its model and, unless it is withheld from the person,
    its prediction: two queries more."""
    shown = Prefetch("prediction", queryset=Prediction.objects.shown_to(person))
    analyses = Analysis.objects.select_related("model_version").prefetch_related(shown).order_by("-created_at", "-id")
    return images.prefetch_related(Prefetch("analyses", queryset=analyses))


def status_of(image: SlideImage) -> ImageStatus:
    """What is known about one image (from `with_analyses`)."""
    return _statuses([image])[0]


def page_of_images(*, case: Case, person: User, number: str | int = 1, size: int = PAGE_SIZE) -> ImagePage:
    """One page of a case's images in the order they came in. A page number that does not exist gives the nearest."""
    paginator = Paginator(with_analyses(case.images.order_by("created_at", "id"), person=person), size)
    page = paginator.get_page(number)
    return ImagePage(page=page, statuses=_statuses(page))


def _statuses(images: Iterable[SlideImage]) -> Sequence[ImageStatus]:
    found = [(image, list(image.analyses.all())) for image in images]
    leading = [(image, leading_of(analyses), analyses) for image, analyses in found]
    waiting = [analysis for _, analysis, _ in leading if analysis and analysis.state == AnalysisState.QUEUED]
    places = queue_places(waiting)
    return [
        ImageStatus(
            image,
            analysis,
            places.get(analysis.pk) if analysis else None,
            [one for one in analyses if one is not analysis],
        )
        for image, analysis, analyses in leading
    ]


def leading_of(analyses: Sequence[Analysis]) -> Analysis | None:
    """Which of an image's analyses, newest first, stands for it: the newest with a result, else the newest."""
    return next((one for one in analyses if one.state == AnalysisState.SUCCEEDED), next(iter(analyses), None))


def place_of(image: SlideImage) -> Place:
    """The image's number in its case, and its neighbours: three queries, whatever the case's size."""
    siblings = SlideImage.objects.filter(case=image.case_id)
    earlier = Q(created_at__lt=image.created_at) | Q(created_at=image.created_at, pk__lt=image.pk)
    later = Q(created_at__gt=image.created_at) | Q(created_at=image.created_at, pk__gt=image.pk)
    counts = siblings.aggregate(total=Count("pk"), before=Count("pk", filter=earlier))
    return Place(
        number=counts["before"] + 1,
        total=counts["total"],
        previous=siblings.filter(earlier).order_by("-created_at", "-id").values_list("pk", flat=True).first(),
        following=siblings.filter(later).order_by("created_at", "id").values_list("pk", flat=True).first(),
    )


def leading_of_image(field: str) -> Subquery:
    """A field of the analysis that leads of each image, for a query on images."""
    return Subquery(Analysis.objects.filter(image=OuterRef("pk")).leading_first().values(field)[:1])
