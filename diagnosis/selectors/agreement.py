"""How readers and models agree: from sums to the figures of the page. Which readings were summed, others decide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings

from diagnosis.models import Answer, ModelVersion, Verdict
from diagnosis.selectors.agreement_counts import Counts, Pairs, Sight, Times, Turns
from diagnosis.statistics import Estimate, Quartiles, cohens_kappa, quartiles, wilson
from mlcore.assays import Assay


@dataclass(frozen=True)
class Wanted:
    """What is asked for. `months` from the first to the last, both included; None is open."""

    assay: Assay
    models: Mapping[UUID, ModelVersion]
    since: date | None = None
    until: date | None = None

    def fits(self, model: UUID, month: date) -> bool:
        """Whether readings of that month beside that model are asked for."""
        return model in self.models and (self.since or month) <= month <= (self.until or month)


@dataclass(frozen=True)
class Rates:
    """How often doctors said what the model suggested, where it suggested a class. No estimate of too few readings."""

    name: str
    count: int
    agreed: int
    other: int
    agreement: Estimate | None = None
    override: Estimate | None = None
    kappa: Estimate | None = None

    @property
    def without_class(self) -> int:
        """Readings that gave no class: cannot tell, or unsuitable."""
        return self.count - self.agreed - self.other

    @property
    def is_enough(self) -> bool:
        return self.agreement is not None


@dataclass(frozen=True)
class Turn:
    """One of the ways in which doctors went on after a blinded reading."""

    name: str
    count: int
    share: Estimate | None


@dataclass(frozen=True)
class Changes:
    """What became of blinded readings once the suggestion was seen, measured by what others say of the image."""

    turns: Sequence[Turn]
    measured: int
    without_reference: int
    changed_without_reference: int


@dataclass(frozen=True)
class Duration:
    """Seconds from opening an image to the first word on it; None for too few."""

    name: str
    count: int
    seconds: Quartiles | None


@dataclass(frozen=True)
class Matrix:
    """How often readings came to each result, by what the model had said. Rows and columns as the assay orders them."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]

    @property
    def cells(self) -> Sequence[tuple[str, Sequence[tuple[str, int]]]]:
        """The rows, each count with its column's name."""
        return [(said, list(zip(self.columns, counts, strict=True))) for said, counts in self.rows]


@dataclass(frozen=True)
class Agreement:
    """All figures for one sight; `overall` holds both sights, however few."""

    sight: Sight
    overall: Sequence[Rates]
    by_month: Sequence[Rates]
    by_class: Sequence[Rates]
    by_model: Sequence[Rates]
    matrix: Matrix
    changes: Changes
    durations: Sequence[Duration]

    @property
    def is_empty(self) -> bool:
        return not any(sum(row) for _, row in self.matrix.rows)


WITHOUT_CLASS = (Answer.CANNOT_TELL.value, Answer.UNSUITABLE.value)

# The ways, by whether the reading changed, was right, and is right.
WAYS: Mapping[tuple[bool, bool, bool], str] = {
    (True, False, True): "to_right",
    (True, True, False): "to_wrong",
    (True, False, False): "still_wrong",
    (False, True, True): "stayed_right",
    (False, False, False): "stayed_wrong",
}


def agreement_of(counts: Counts, *, wanted: Wanted, sight: Sight | None = None) -> Agreement:
    """The figures of what is wanted; unless a sight is, of the one with more readings."""
    pairs = [one for one in counts.pairs if wanted.fits(one.group.model, one.group.month)]
    by_sight = {each: [one for one in pairs if one.group.sight == each] for each in Sight}
    chosen = sight or max(Sight, key=lambda each: sum(one.count for one in by_sight[each]))
    shown = by_sight[chosen]
    return Agreement(
        sight=chosen,
        overall=[_rates(each.value, by_sight[each]) for each in Sight],
        by_month=[
            _rates(month.isoformat(), [one for one in shown if one.group.month == month])
            for month in sorted({one.group.month for one in shown})
        ],
        by_class=[
            _rates(name, [one for one in shown if one.group.suggested == name], with_kappa=False)
            for name in wanted.assay.classes
        ],
        by_model=[
            _rates(str(model), [one for one in shown if one.group.model == model.pk])
            for model in sorted(wanted.models.values(), key=lambda model: model.created_at)
        ],
        matrix=_matrix(shown, wanted.assay),
        changes=_changes([one for one in counts.turns if wanted.fits(one.group.model, one.group.month)]),
        durations=_durations([one for one in counts.times if wanted.fits(one.model, one.month)], wanted),
    )


def _rates(name: str, pairs: Iterable[Pairs], *, with_kappa: bool = True) -> Rates:
    """Only confident suggestions count: to a second reader no class was suggested, outside the scope none at all."""
    table: Counter[tuple[str, str]] = Counter()
    count = 0
    for one in pairs:
        if one.group.verdict == Verdict.CONFIDENT:
            count += one.count
            if one.result not in WITHOUT_CLASS:
                table[one.group.suggested, one.result] += one.count
    agreed = sum(number for (suggested, read), number in table.items() if suggested == read)
    other = table.total() - agreed
    if count < settings.AGREEMENT_FEWEST_READINGS:
        return Rates(name, count, agreed, other)
    kappa = cohens_kappa(table) if with_kappa and table else None
    return Rates(name, count, agreed, other, wilson(agreed, count), wilson(other, count), kappa)


def _matrix(pairs: Sequence[Pairs], assay: Assay) -> Matrix:
    columns = (*assay.classes, *WITHOUT_CLASS)
    tally: Counter[tuple[str, str]] = Counter()
    for one in pairs:
        said = one.group.suggested if one.group.verdict == Verdict.CONFIDENT else one.group.verdict
        tally[said, one.result] += one.count
    said_by_model = (*assay.classes, Verdict.REFER.value, Verdict.OUT_OF_SCOPE.value)
    return Matrix(columns, [(said, [tally[said, read] for read in columns]) for said in said_by_model])


def _changes(turns: Sequence[Turns]) -> Changes:
    tally: Counter[str] = Counter()
    for one in turns:
        if one.was_right is not None and one.is_right is not None:
            tally[WAYS[one.changed, one.was_right, one.is_right]] += one.count
    measured = tally.total()
    enough = measured >= settings.AGREEMENT_FEWEST_READINGS
    unmeasured = [one for one in turns if one.was_right is None]
    return Changes(
        turns=[Turn(way, tally[way], wilson(tally[way], measured) if enough else None) for way in WAYS.values()],
        measured=measured,
        without_reference=sum(one.count for one in unmeasured),
        changed_without_reference=sum(one.count for one in unmeasured if one.changed),
    )


def _durations(times: Sequence[Times], wanted: Wanted) -> Sequence[Duration]:
    """Of all, then of each model that there is anything of."""
    models = sorted(wanted.models.values(), key=lambda model: model.created_at)
    groups = [("", times), *((str(model), [one for one in times if one.model == model.pk]) for model in models)]
    found = []
    for name, own in groups:
        seconds: Counter[int] = Counter()
        for one in own:
            seconds[one.seconds] += one.count
        enough = seconds.total() >= settings.AGREEMENT_FEWEST_READINGS
        found.append(Duration(name, seconds.total(), quartiles(seconds) if enough else None))
    return [one for one in found if one.count or not one.name]
