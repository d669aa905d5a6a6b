"""A patient's history: a time line of cases with what models and doctors said about them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from clinic.models import Patient, User
from diagnosis.models import Case, Prediction, Reading, Report, SlideImage
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.cases import CaseCounts, count_images
from diagnosis.selectors.outcomes import ImageOutcome, Standing, outcome_of_image, result_of_case, worst_first

CASES_A_PAGE = 6
IMAGES_A_CASE = 5


@dataclass(frozen=True)
class ImageHistory:
    """An image with what every model and every doctor said of it: as much of it as the person may know."""

    image: SlideImage
    predictions: Sequence[Prediction]
    readings: Sequence[Reading]
    is_withheld: bool


@dataclass(frozen=True)
class ReadingSummary:
    """What a case's readings come to: by its worst, and how many images came to each result."""

    result: str
    results: Sequence[tuple[str, int]]
    unread: int
    disagreements: int


@dataclass(frozen=True)
class CaseHistory:
    """One entry of the time line. `images` are the first few of the case."""

    case: Case
    counts: CaseCounts
    summary: ReadingSummary
    images: Sequence[ImageHistory]
    reports: Sequence[Report]


@dataclass(frozen=True)
class HistoryPage:
    """One page of a patient's history."""

    page: Page[Case]
    cases: Sequence[CaseHistory]


def page_of_history(*, patient: Patient, person: User, number: str | int = 1) -> HistoryPage:
    """A patient's cases, newest specimen first: as many queries for one as for twenty."""
    ordered = Case.objects.visible_to(person).filter(patient=patient).order_by("-specimen_date", "-created_at", "-id")
    page = Paginator(ordered, CASES_A_PAGE).get_page(number)
    cases = list(page)
    counts, readings = count_images(cases, person=person), current_readings(cases, person=person)
    reports = _reports(cases, person)
    of_case: dict[UUID, list[ImageHistory]] = defaultdict(list)
    for one in histories_of_images(_first_images(cases), person=person):
        of_case[one.image.case_id].append(one)
    entries = [
        CaseHistory(
            case=case,
            counts=counts[case.pk],
            summary=summary_of(case, readings[case.pk], total=counts[case.pk].total),
            images=of_case[case.pk],
            reports=reports[case.pk],
        )
        for case in cases
    ]
    return HistoryPage(page=page, cases=entries)


def summary_of(case: Case, readings: Iterable[Reading], *, total: int) -> ReadingSummary:
    """What the current readings of a case with `total` images in use come to, the worst result first."""
    by_image: dict[UUID, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_image[reading.image_id].append(reading)
    outcomes: list[ImageOutcome] = [outcome_of_image(found) for found in by_image.values()]
    tally = Counter(outcome.result for outcome in outcomes if outcome.standing is Standing.SETTLED)
    assay = case.get_assay()
    return ReadingSummary(
        result=result_of_case(assay, outcomes),
        results=[(result, tally[result]) for result in worst_first(assay) if tally[result]],
        unread=total - len(by_image),
        disagreements=sum(outcome.standing is Standing.DISAGREEMENT for outcome in outcomes),
    )


def histories_of_images(images: Sequence[SlideImage], *, person: User) -> Sequence[ImageHistory]:
    """All that models and doctors said about some images, of which the person may see the cases: four queries."""
    ids = [image.pk for image in images]
    withheld = set(SlideImage.objects.filter(withheld_from(person), pk__in=ids).values_list("pk", flat=True))
    predictions: dict[UUID, list[Prediction]] = defaultdict(list)
    found = Prediction.objects.shown_to(person).filter(analysis__image__in=ids)
    for prediction in found.select_related("analysis__image__case", "analysis__model_version"):
        predictions[prediction.analysis.image_id].append(prediction)
    readings: dict[UUID, list[Reading]] = defaultdict(list)
    for reading in Reading.objects.shown_to(person).current().filter(image__in=ids).select_related("reader"):
        readings[reading.image_id].append(reading)
    return [
        ImageHistory(image, predictions[image.pk], readings[image.pk], is_withheld=image.pk in withheld)
        for image in images
    ]


def current_readings(cases: Sequence[Case], *, person: User) -> dict[UUID, list[Reading]]:
    """The current readings of cases' images in use that the person may know, by the case: one query."""
    found = Reading.objects.shown_to(person).current().filter(image__case__in=cases, image__withdrawn_at=None)
    by_case: dict[UUID, list[Reading]] = defaultdict(list)
    for case, reading in ((reading.image.case_id, reading) for reading in found.select_related("image")):
        by_case[case].append(reading)
    return by_case


def _first_images(cases: Sequence[Case]) -> Sequence[SlideImage]:
    place = Window(RowNumber(), partition_by=F("case"), order_by=("created_at", "id"))
    images = SlideImage.objects.in_use().filter(case__in=cases).annotate(place=place).filter(place__lte=IMAGES_A_CASE)
    return list(images.order_by("created_at", "id"))


def _reports(cases: Sequence[Case], person: User) -> dict[UUID, list[Report]]:
    found = Report.objects.visible_to(person).filter(case__in=cases).defer("content").select_related("signed_by")
    by_case: dict[UUID, list[Report]] = defaultdict(list)
    for report in found.order_by("-version"):
        by_case[report.case_id].append(report)
    return by_case
