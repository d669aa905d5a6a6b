"""Class probabilities over time: what each model made of each case of a patient, by assay."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, FloatField, Max, Min, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from clinic.models import Patient, User
from diagnosis.models import Case, Prediction, Verdict
from mlcore.assays import Assay, get_assay

MOST_POINTS = 100
INSIDE = ~Q(verdict=Verdict.OUT_OF_SCOPE)


@dataclass(frozen=True)
class Spread:
    """One class over a case's images within the model's scope: the mean probability, the smallest and the largest."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """What one model made of one case. Images outside what it knows are counted, and give no figure to any class."""

    case: UUID
    taken: date
    model: UUID
    model_name: str
    spreads: Mapping[str, Spread | None]
    inside: int
    outside: int


@dataclass(frozen=True)
class Course:
    """All cases of one assay, the oldest first; `models` in the order in which they come up."""

    assay: Assay
    points: Sequence[Point]
    models: Sequence[str]
    left_out: bool

    @property
    def has_outside(self) -> bool:
        return any(point.outside for point in self.points)

    @property
    def rows(self) -> Sequence[tuple[Point, int]]:
        """Each point with its model's number, which is drawn as a shape."""
        return [(point, self.models.index(point.model_name)) for point in self.points]


def courses_of(*, patient: Patient, person: User) -> Sequence[Course]:
    """The courses of the patient's assays in which there is something to compare."""
    by_assay: dict[str, list[UUID]] = defaultdict(list)
    cases = Case.objects.visible_to(person).filter(patient=patient)
    for slug, case in cases.order_by("assay").values_list("assay", "pk"):
        by_assay[slug].append(case)
    courses = [_course(get_assay(slug), of_assay, person) for slug, of_assay in by_assay.items()]
    return [course for course in courses if len(course.points) > 1]


def points_of(*, assay: Assay, cases: Sequence[Case], person: User) -> Sequence[Point]:
    """What each model made of each of these cases of one assay, the oldest first: one query."""
    return [_point(assay, row) for row in _rows(assay, person).filter(case__in=[case.pk for case in cases])][::-1]


def _course(assay: Assay, cases: Sequence[UUID], person: User) -> Course:
    """By the cases' ids: through a subquery the database would look at every image there is."""
    rows = list(_rows(assay, person).filter(case__in=cases)[: MOST_POINTS + 1])
    points = [_point(assay, row) for row in rows[:MOST_POINTS]][::-1]
    models = list(dict.fromkeys(point.model_name for point in points))
    return Course(assay=assay, points=points, models=models, left_out=len(rows) > MOST_POINTS)


def _rows(assay: Assay, person: User) -> Any:
    """Case by case and model by model, the newest first; only what is not withheld from the person."""
    figures: dict[str, Any] = {}
    for place, name in enumerate(assay.classes):
        probability = Cast(KeyTextTransform(name, "probabilities"), FloatField())
        for word, function in (("mean", Avg), ("low", Min), ("high", Max)):
            figures[f"{word}_{place}"] = function(probability, filter=INSIDE)
    return (
        Prediction.objects.shown_to(person)
        .filter(analysis__image__withdrawn_at=None)
        .annotate(
            case=F("analysis__image__case"),
            taken=F("analysis__image__case__specimen_date"),
            model=F("analysis__model_version"),
            name=F("analysis__model_version__name"),
            version=F("analysis__model_version__version"),
        )
        .order_by()
        .values("case", "taken", "model", "name", "version")
        .annotate(inside=Count("pk", filter=INSIDE), outside=Count("pk", filter=~INSIDE), **figures)
        .order_by("-taken", "-case", "-analysis__model_version__created_at", "-model")
    )


def _point(assay: Assay, row: Mapping[str, Any]) -> Point:
    return Point(
        case=row["case"],
        taken=row["taken"],
        model=row["model"],
        model_name=f"{row['name']} {row['version']}",
        spreads={name: _spread(row, place) for place, name in enumerate(assay.classes)},
        inside=row["inside"],
        outside=row["outside"],
    )


def _spread(row: Mapping[str, Any], place: int) -> Spread | None:
    mean, low, high = (row[f"{word}_{place}"] for word in ("mean", "low", "high"))
    return None if mean is None else Spread(mean, low, high)
