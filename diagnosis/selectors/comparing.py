"""What changed between two cases of one patient, examined by one assay."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from clinic.models import User
from diagnosis.models import Case, Prediction, SlideImage, Verdict
from diagnosis.selectors.history import ImageHistory, ReadingSummary, current_readings, histories_of_images, summary_of
from diagnosis.selectors.probabilities import Point, Spread, points_of


@dataclass(frozen=True)
class Suggestions:
    """How many images a model suggested each class for, and how many it referred to a second reader, without one."""

    by_class: Mapping[str, int]
    referred: int


@dataclass(frozen=True)
class Side:
    """One of the two cases: what doctors read, and what one model made of it (None: nothing, or withheld)."""

    case: Case
    images: Sequence[SlideImage]
    summary: ReadingSummary
    point: Point | None
    suggestions: Suggestions
    shown: ImageHistory | None


@dataclass(frozen=True)
class Change:
    """One class, before and after. `difference` of the means only where one model gave both."""

    name: str
    readings: tuple[int, int]
    suggestions: tuple[int, int]
    spreads: tuple[Spread | None, Spread | None]
    difference: float | None


@dataclass(frozen=True)
class Comparison:
    """Two cases, the earlier specimen first."""

    first: Side
    second: Side
    changes: Sequence[Change]
    others: Sequence[tuple[str, tuple[int, int]]]  # readings that gave no class

    @property
    def is_one_model(self) -> bool:
        """Whether the figures of both cases are the same model's."""
        first, second = self.first.point, self.second.point
        return first is not None and second is not None and first.model == second.model

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.first, self.second


def compare(
    *, cases: tuple[Case, Case], person: User, chosen: tuple[UUID | None, UUID | None] = (None, None)
) -> Comparison:
    """Two cases of one assay that the person may see. `chosen`: the image of each to show; else the first."""
    points = points_of(assay=cases[0].get_assay(), cases=cases, person=person)
    models = _models_to_compare(cases, points)
    readings = current_readings(cases, person=person)
    images = {case.pk: list(case.images.in_use().order_by("created_at", "id")) for case in cases}
    picked = [_picked(images[case.pk], wanted) for case, wanted in zip(cases, chosen, strict=True)]
    shown = {one.image.pk: one for one in histories_of_images([image for image in picked if image], person=person)}
    first, second = (
        Side(
            case=case,
            images=images[case.pk],
            summary=summary_of(case, readings[case.pk], total=len(images[case.pk])),
            point=next((point for point in points if (point.case, point.model) == (case.pk, model)), None),
            suggestions=_suggestions(case, model, person),
            shown=shown[image.pk] if image else None,
        )
        for case, model, image in zip(cases, models, picked, strict=True)
    )
    return Comparison(first, second, _changes(first, second), _others(first, second))


def _models_to_compare(cases: tuple[Case, Case], points: Sequence[Point]) -> list[UUID | None]:
    """The newest model that saw both; without one, the newest of each. (The points of a case end with its newest.)"""
    first, second = ([point.model for point in points if point.case == case.pk] for case in cases)
    both = [model for model in first if model in second]
    return [next(reversed(both or own), None) for own in (first, second)]


def _picked(images: Sequence[SlideImage], wanted: UUID | None) -> SlideImage | None:
    return next((image for image in images if image.pk == wanted), images[0] if images else None)


def _suggestions(case: Case, model: UUID | None, person: User) -> Suggestions:
    found = Prediction.objects.shown_to(person).filter(
        analysis__image__case=case, analysis__image__withdrawn_at=None, analysis__model_version=model
    )
    rows = list(found.order_by().values_list("verdict", "label"))
    return Suggestions(
        by_class=Counter(label for verdict, label in rows if verdict == Verdict.CONFIDENT),
        referred=sum(verdict == Verdict.REFER for verdict, _ in rows),
    )


def _changes(first: Side, second: Side) -> Sequence[Change]:
    results = [dict(side.summary.results) for side in (first, second)]
    changes = []
    for name in first.case.get_assay().classes:
        before, after = (side.point.spreads[name] if side.point else None for side in (first, second))
        same = first.point and second.point and first.point.model == second.point.model
        changes.append(
            Change(
                name=name,
                readings=(results[0].get(name, 0), results[1].get(name, 0)),
                suggestions=(first.suggestions.by_class.get(name, 0), second.suggestions.by_class.get(name, 0)),
                spreads=(before, after),
                difference=after.mean - before.mean if same and before and after else None,
            )
        )
    return changes


def _others(first: Side, second: Side) -> Sequence[tuple[str, tuple[int, int]]]:
    """Results that are no class, where either case has one."""
    results = [dict(side.summary.results) for side in (first, second)]
    classes = set(first.case.get_assay().classes)
    names = [name for found in results for name in found if name not in classes]
    return [(name, (results[0].get(name, 0), results[1].get(name, 0))) for name in dict.fromkeys(names)]
