"""Counting readings beside what a model had suggested: the sums that all figures of agreement are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Extract, Greatest, Least, NullIf, TruncMonth
from django.utils import timezone

from diagnosis.models import Reading


class Sight(StrEnum):
    """Whether the doctor had seen the suggestion. Each doctor counts once an image and sight."""

    BEFORE = "before"  # the first word, blinded
    IN_VIEW = "in_view"  # the last word, with the suggestion in view


@dataclass(frozen=True)
class Group:
    """The finest that readings are told apart by what they were about. `suggested` is empty outside the scope."""

    sight: str
    model: UUID
    month: date
    verdict: str
    suggested: str


@dataclass(frozen=True)
class Pairs:
    """How many readings of a group came to a result."""

    group: Group
    result: str
    count: int


@dataclass(frozen=True)
class Turns:
    """How many blinded first words went on in one way. `was_right` and `is_right` are None without a reference."""

    group: Group
    changed: bool
    was_right: bool | None
    is_right: bool | None
    count: int


@dataclass(frozen=True)
class Times:
    """How many first words took so many seconds."""

    model: UUID
    month: date
    seconds: int
    count: int


@dataclass(frozen=True)
class Counts:
    """All sums, and when they were counted."""

    pairs: Sequence[Pairs]
    turns: Sequence[Turns]
    times: Sequence[Times]
    counted_at: datetime


GROUP = ("sight", "model", "month", "verdict", "suggested")
BLINDED = Q(was_blinded=True, replaces=None)
SEEN = Q(was_blinded=False, replaced_by=None)


def counts_of(readings: "QuerySet[Reading]") -> Counts:
    """The sums over some readings, of images in use that a model had said something about: three queries."""
    known = _known(readings)
    return Counts(pairs=_pairs(known), turns=_turns(known), times=_times(known), counted_at=timezone.now())


def counts_of_enough(readings: "QuerySet[Reading]", *, doctors: int) -> Counts:
    """The same, without the groups that fewer doctors have read in.

    They are left out of everything, so that no sum less another gives them away; times, which do not tell classes
    apart, where fewer doctors have read in a month with a model.
    """
    known = _known(readings)
    counts = counts_of(readings)
    groups = {Group(*row) for row in _enough(_grouped(known), GROUP, doctors)}
    months = set(_enough(_first_words(known), ("model", "month"), doctors))
    return Counts(
        pairs=[one for one in counts.pairs if one.group in groups],
        turns=[one for one in counts.turns if one.group in groups],
        times=[one for one in counts.times if (one.model, one.month) in months],
        counted_at=counts.counted_at,
    )


def _known(readings: "QuerySet[Reading]") -> "QuerySet[Reading]":
    return readings.filter(prediction__isnull=False, image__withdrawn_at=None).order_by()


def _with_model(readings: "QuerySet[Reading]") -> "QuerySet[Any]":
    month = TruncMonth("created_at", tzinfo=ZoneInfo(settings.TIME_ZONE))
    found: QuerySet[Any] = readings.annotate(model=F("prediction__analysis__model_version"), month=month)
    return found


def _grouped(known: "QuerySet[Reading]") -> "QuerySet[Any]":
    sight = Case(When(BLINDED, then=Value(Sight.BEFORE.value)), default=Value(Sight.IN_VIEW.value))
    said = {"verdict": F("prediction__verdict"), "suggested": F("prediction__label")}
    found: QuerySet[Any] = _with_model(known.filter(BLINDED | SEEN)).annotate(sight=sight, **said)
    return found


def _first_words(known: "QuerySet[Reading]") -> "QuerySet[Any]":
    return _with_model(known.filter(replaces=None))


def _enough(rows: "QuerySet[Any]", names: Sequence[str], doctors: int) -> list[tuple[Any, ...]]:
    found = rows.values(*names).annotate(doctors=Count("reader", distinct=True)).filter(doctors__gte=doctors)
    return _with_days(found.values_list(*names), names)


def _with_days(rows: "QuerySet[Any]", names: Sequence[str]) -> list[tuple[Any, ...]]:
    place = names.index("month")
    return [(*row[:place], row[place].date(), *row[place + 1 :]) for row in rows]


def _pairs(known: "QuerySet[Reading]") -> Sequence[Pairs]:
    names = (*GROUP, "outcome", "count")
    rows = _grouped(known).annotate(outcome=Coalesce(NullIf("label", Value("")), "answer"))
    rows = rows.values(*GROUP, "outcome").annotate(count=Count("pk")).values_list(*names)
    return [Pairs(Group(*row[:5]), row[5], row[6]) for row in _with_days(rows, names)]


def _times(known: "QuerySet[Reading]") -> Sequence[Times]:
    names = ("model", "month", "seconds", "count")
    longest = int(settings.AGREEMENT_LONGEST_READING.total_seconds())
    taken = ExpressionWrapper(F("created_at") - F("opened_at"), output_field=DurationField())
    seconds = Cast(Least(Greatest(Extract(taken, "epoch"), Value(0.0)), Value(float(longest))), IntegerField())
    rows = _first_words(known).annotate(seconds=seconds)
    rows = rows.values("model", "month", "seconds").annotate(count=Count("pk")).values_list(*names)
    return [Times(*row) for row in _with_days(rows, names)]


# A first word, the doctor's last word on the image, and what others say of it: an adjudication by another doctor,
# else the class on which all other doctors' last words agree, else nothing.
TURNS = """
WITH first AS (
    SELECT r.id, r.image_id, r.reader_id, r.role, r.prediction_id, r.created_at,
           coalesce(nullif(r.label, ''), r.answer) AS result
    FROM diagnosis_reading r
    WHERE r.was_blinded AND r.replaces_id IS NULL AND r.id IN ({readings})
),
last AS NOT MATERIALIZED (
    SELECT r.image_id, r.reader_id, r.role, r.created_at, r.label, coalesce(nullif(r.label, ''), r.answer) AS result
    FROM diagnosis_reading r
    WHERE NOT EXISTS (SELECT FROM diagnosis_reading later WHERE later.replaces_id = r.id)
),
reference AS (
    SELECT first.id, coalesce(
        (array_agg(last.label ORDER BY last.created_at DESC) FILTER (WHERE last.role = 'adjudication'))[1],
        CASE WHEN min(last.result) = max(last.result) THEN min(last.label) END
    ) AS label
    FROM first JOIN last ON last.image_id = first.image_id AND last.reader_id <> first.reader_id
    GROUP BY first.id
)
SELECT 'before', analysis.model_version_id, date_trunc('month', first.created_at AT TIME ZONE %s)::date,
       prediction.verdict, prediction.label,
       first.result <> own.result,
       first.result = nullif(reference.label, ''),
       own.result = nullif(reference.label, ''),
       count(*)
FROM first
JOIN diagnosis_prediction prediction ON prediction.id = first.prediction_id
JOIN diagnosis_analysis analysis ON analysis.id = prediction.analysis_id
JOIN last own ON (own.image_id, own.reader_id, own.role) = (first.image_id, first.reader_id, first.role)
LEFT JOIN reference ON reference.id = first.id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def _turns(known: "QuerySet[Reading]") -> Sequence[Turns]:
    readings, parameters = known.filter(BLINDED).values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TURNS.format(readings=readings), [*parameters, settings.TIME_ZONE])
        return [Turns(Group(*row[:5]), *row[5:]) for row in cursor.fetchall()]
