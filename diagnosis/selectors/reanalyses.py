"""What is to be read anew, how much of it there is, and how far it is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from clinic.models import User
from diagnosis.models import (
    Analysis,
    AnalysisState,
    Case,
    CaseStanding,
    ModelVersion,
    Reanalysis,
    ReanalysisScope,
    ReanalysisState,
    SlideImage,
)
from diagnosis.models.analysis import PENDING, RETRYABLE
from diagnosis.models.case_standing import CaseStandingQuerySet
from diagnosis.models.slide_image import SlideImageQuerySet
from diagnosis.selectors.worklist import Tab, cases_of
from diagnosis.selectors.worklist_filters import Filters


@dataclass(frozen=True)
class Amount:
    """How many images there are to read anew; `known` were by this version, `left_out` are withdrawn or frozen."""

    expected: int
    known: int
    left_out: int

    @property
    def total(self) -> int:
        return self.expected + self.known + self.left_out


@dataclass(frozen=True)
class Progress:
    """What became of the analyses that were put in the queue so far."""

    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0


def cases_in(wanted: Reanalysis) -> CaseStandingQuerySet:
    """The cases it is about, as whoever asked for it may see them now; administrators ask by versions alone."""
    person = wanted.requested_by
    if wanted.scope == ReanalysisScope.CASE:
        return CaseStanding.objects.visible_to(person).filter(case=wanted.case)
    if wanted.scope == ReanalysisScope.WORKLIST:
        tab, filters = worklist_filters(wanted.filters)
        return cases_of(person=person, tab=tab, filters=filters)
    read = SlideImage.objects.filter(_read_by(wanted), case=OuterRef("case"))
    return CaseStanding.objects.filter(Exists(read), assay=wanted.model_version.assay)


def images_in(wanted: Reanalysis, cases: Collection[UUID] | CaseStandingQuerySet) -> SlideImageQuerySet:
    """The images it is about in some of these cases, withdrawn ones too."""
    among: Any = cases.values("case") if isinstance(cases, CaseStandingQuerySet) else cases
    images = SlideImage.objects.filter(case__in=among)
    return images.filter(_read_by(wanted)) if wanted.scope == ReanalysisScope.MODEL else images


def amount_of(wanted: Reanalysis) -> Amount:
    """Counted now, for a request that need not be stored: one query."""
    left_out = Q(withdrawn_at__isnull=False) | Q(case__patient__restricted_at__isnull=False)
    taken = Analysis.objects.filter(image=OuterRef("pk"), model_version=wanted.model_version)
    images = images_in(wanted, cases_in(wanted)).annotate(is_known=Exists(taken.exclude(state=AnalysisState.CANCELLED)))
    return Amount(
        **images.aggregate(
            expected=Count("pk", filter=~left_out & Q(is_known=False)),
            known=Count("pk", filter=~left_out & Q(is_known=True)),
            left_out=Count("pk", filter=left_out),
        )
    )


def amount_in_case(*, case: Case, model: ModelVersion, person: User) -> Amount:
    """The same for one case."""
    return amount_of(Reanalysis(model_version=model, requested_by=person, scope=ReanalysisScope.CASE, case=case))


def worklist_filters(stored: Mapping[str, str]) -> tuple[Tab, Filters]:
    """The tab and the filters that a request holds."""
    days = {name: date.fromisoformat(stored[name]) for name in ("since", "until") if name in stored}
    filters = Filters(
        assay=stored.get("assay", ""),
        urgency=stored.get("urgency", ""),
        verdict=stored.get("verdict", ""),
        model=UUID(stored["model"]) if "model" in stored else None,
        since=days.get("since"),
        until=days.get("until"),
    )
    return Tab(stored["tab"]), filters


def progress_of(reanalyses: Iterable[Reanalysis]) -> Mapping[UUID, Progress]:
    """How far each is, by its id: one query."""
    rows = Analysis.objects.filter(reanalysis__in=[one.pk for one in reanalyses]).order_by()
    counted = rows.values_list("reanalysis").annotate(
        waiting=Count("pk", filter=Q(state__in=PENDING)),
        done=Count("pk", filter=Q(state=AnalysisState.SUCCEEDED)),
        failed=Count("pk", filter=Q(state__in=RETRYABLE)),
        cancelled=Count("pk", filter=Q(state=AnalysisState.CANCELLED)),
    )
    return {pk: Progress(*numbers) for pk, *numbers in counted if pk}


def is_over(reanalysis: Reanalysis, progress: Progress | None) -> bool:
    """Whether nothing more is to come of it."""
    return reanalysis.state != ReanalysisState.RUNNING and not (progress and progress.waiting)


def _read_by(wanted: Reanalysis) -> Q:
    """Images that another version has read, perhaps since some day only."""
    read = Analysis.objects.filter(
        image=OuterRef("pk"), model_version=UUID(wanted.filters["read_by"]), state=AnalysisState.SUCCEEDED
    )
    if "since" in wanted.filters:
        read = read.filter(finished_at__date__gte=date.fromisoformat(wanted.filters["since"]))
    return Q(Exists(read))
