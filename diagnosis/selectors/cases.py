"""Reading cases: what has become of their images, and a patient's history."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case as Choice
from django.db.models import Count, F, When, Window
from django.db.models.functions import RowNumber
from django.db.models.lookups import GreaterThanOrEqual

from clinic.models import Patient, User
from diagnosis.models import Case, Prediction, SlideImage, Verdict
from diagnosis.models.analysis import PENDING, RETRYABLE
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.images import newest_of_image

CASES_A_PAGE = 20
PREDICTIONS_A_CASE = 5
MALIGNANT_FROM = 0.5  # a malignant class is then more probable than not


@dataclass
class CaseCounts:
    """How many images a case has, by what became of them: each is counted once."""

    states: Counter[str] = field(default_factory=Counter)
    malignant: int = 0
    not_malignant: int = 0
    refer: int = 0
    out_of_scope: int = 0

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def pending(self) -> int:
        return sum(self.states[state] for state in PENDING)

    @property
    def failed(self) -> int:
        return sum(self.states[state] for state in RETRYABLE)

    def add(self, *, state: str, verdict: str | None, malignant: bool | None, count: int) -> None:
        """Count images of one kind."""
        self.states[state] += count
        if verdict is None:  # there is none yet, or it is withheld
            return
        if verdict == Verdict.REFER:
            self.refer += count
        elif verdict == Verdict.OUT_OF_SCOPE:
            self.out_of_scope += count
        elif malignant:
            self.malignant += count
        else:
            self.not_malignant += count


@dataclass(frozen=True)
class CaseHistory:
    """A case with its counts and its newest predictions."""

    case: Case
    counts: CaseCounts
    predictions: Sequence[Prediction]


@dataclass(frozen=True)
class HistoryPage:
    """One page of a patient's history."""

    page: Page[Case]
    cases: Sequence[CaseHistory]


def count_images(cases: Iterable[Case], *, person: User) -> dict[UUID, CaseCounts]:
    """The counts of each case by its id, by the newest analysis of each image: one query.

    An image whose prediction is withheld from the person is counted by its state alone.
    """
    withheld = withheld_from(person)
    counts: dict[UUID, CaseCounts] = defaultdict(CaseCounts)
    rows = (
        SlideImage.objects.filter(case__in=[case.pk for case in cases])
        .annotate(
            state=newest_of_image("state"),
            verdict=Choice(When(withheld, then=None), default=newest_of_image("prediction__verdict")),
            malignant=GreaterThanOrEqual(newest_of_image("prediction__malignant_probability"), MALIGNANT_FROM),
        )
        .order_by()
        .values_list("case", "state", "verdict", "malignant")
        .annotate(count=Count("pk"))
    )
    for case, state, verdict, malignant, count in rows:
        counts[case].add(state=state or "", verdict=verdict, malignant=malignant, count=count)
    return counts


def page_of_history(*, patient: Patient, person: User, number: str | int = 1) -> HistoryPage:
    """A patient's cases, newest specimen first, each with its newest predictions: four queries for any number."""
    ordered = Case.objects.visible_to(person).filter(patient=patient).order_by("-specimen_date", "-created_at", "-id")
    page = Paginator(ordered, CASES_A_PAGE).get_page(number)
    shown = list(page)
    counts = count_images(shown, person=person)
    predictions = _newest_predictions(shown, person)
    entries = [CaseHistory(case, counts.get(case.pk) or CaseCounts(), predictions[case.pk]) for case in shown]
    return HistoryPage(page=page, cases=entries)


def _newest_predictions(cases: Sequence[Case], person: User) -> dict[UUID, list[Prediction]]:
    newest = (
        Prediction.objects.shown_to(person)
        .filter(analysis__image__case__in=[case.pk for case in cases])
        .annotate(
            rank=Window(
                RowNumber(), partition_by=F("analysis__image__case"), order_by=(F("created_at").desc(), F("id").desc())
            )
        )
        .filter(rank__lte=PREDICTIONS_A_CASE)
        .select_related("analysis__image__case", "analysis__model_version")
        .order_by("-created_at", "-id")
    )
    by_case: dict[UUID, list[Prediction]] = defaultdict(list)
    for prediction in newest:
        by_case[prediction.analysis.image.case_id].append(prediction)
    return by_case
