"""The figures of agreement as one long table, for a file: a row a figure."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from diagnosis.selectors.agreement import Agreement, Rates
from diagnosis.statistics import Estimate
from diagnosis.templatetags.agreement import said_words, sight_words, way_words
from diagnosis.templatetags.history import result_words

Row = tuple[object, ...]


def headings() -> tuple[str, ...]:
    """What each row holds. Shares and kappa with their 95 % intervals; empty: too few to say."""
    return (_("Table"), _("Row"), _("Figure"), _("Count"), _("Of"), _("Value"), _("From"), _("To"))


def rows_of(figures: Agreement) -> Iterator[Row]:
    """All tables of the page, in its order."""
    for rates in figures.overall:
        yield from _rates(_("Overall"), sight_words(rates.name), rates)
    for table, found in (
        (_("By month"), figures.by_month),
        (_("By suggested class"), figures.by_class),
        (_("By model"), figures.by_model),
    ):
        for rates in found:
            yield from _rates(table, rates.name, rates)
    for said, counts in figures.matrix.rows:
        for read, count in zip(figures.matrix.columns, counts, strict=True):
            yield (_("Suggested and read"), said_words(said), result_words(read), count, sum(counts), "", "", "")
    for turn in figures.changes.turns:
        measured = figures.changes.measured
        yield (_("After seeing the suggestion"), way_words(turn.name), "", turn.count, measured, *_estimate(turn.share))
    for duration in figures.durations:
        middle = duration.seconds
        values = (middle.median, middle.low, middle.high) if middle else ("", "", "")
        yield (
            _("Time an image"),
            duration.name or _("All"),
            _("Seconds: median, quartiles"),
            duration.count,
            "",
            *values,
        )


def _rates(table: str, name: str, rates: Rates) -> Iterator[Row]:
    yield (table, name, _("Agreed"), rates.agreed, rates.count, *_estimate(rates.agreement))
    yield (table, name, _("Another class"), rates.other, rates.count, *_estimate(rates.override))
    yield (table, name, _("No class given"), rates.without_class, rates.count, "", "", "")
    if rates.kappa:
        yield (table, name, _("Cohen's kappa"), "", rates.agreed + rates.other, *_estimate(rates.kappa))


def _estimate(estimate: Estimate | None) -> Row:
    if estimate is None:
        return ("", "", "")
    return tuple(f"{value:.4f}" for value in (estimate.value, estimate.low, estimate.high))
