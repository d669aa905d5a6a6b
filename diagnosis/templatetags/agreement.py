"""Words and figures of the pages about agreement."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from diagnosis.models import Verdict
from diagnosis.selectors.agreement_counts import Sight
from diagnosis.statistics import Estimate

register = template.Library()


@register.filter
def sight_words(sight: str) -> str:
    """Whether the suggestion had been seen."""
    return _("Before the suggestion was seen") if sight == Sight.BEFORE else _("With the suggestion in view")


@register.filter
def said_words(said: str) -> str:
    """What the model had said: a class, or why none."""
    return {
        Verdict.REFER.value: _("To a second reader, no class"),
        Verdict.OUT_OF_SCOPE.value: _("Outside what the model knows"),
    }.get(said, said)


@register.filter
def way_words(way: str) -> str:
    """How a doctor went on after having seen the suggestion."""
    return {
        "to_right": _("Switched to right"),
        "to_wrong": _("Switched to wrong"),
        "still_wrong": _("Switched from wrong to wrong"),
        "stayed_right": _("Stayed right"),
        "stayed_wrong": _("Stayed wrong"),
    }[way]


@register.filter
def month_words(month: str) -> str:
    """A month by its first day as ISO writes it."""
    return date_format(date.fromisoformat(month), "YEAR_MONTH_FORMAT")


@register.filter
def share(estimate: Estimate) -> str:
    """A share in whole per cent."""
    return _percent(estimate.value)


@register.filter
def interval(estimate: Estimate) -> str:
    """A share's 95 % interval in whole per cent."""
    return _("%(low)s to %(high)s") % {"low": _percent(estimate.low), "high": _percent(estimate.high)}


@register.filter
def kappa_interval(estimate: Estimate) -> str:
    """Kappa's 95 % interval."""
    return _("%(low)s to %(high)s") % {"low": _two(estimate.low), "high": _two(estimate.high)}


@register.filter
def kappa(estimate: Estimate) -> str:
    """Kappa to two places."""
    return _two(estimate.value)


@register.filter
def seconds(number: int) -> str:
    """Seconds, from a minute on as minutes and seconds."""
    if number < 60:  # noqa: PLR2004  a minute
        return _("%(seconds)s s") % {"seconds": number}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": number // 60, "seconds": number % 60}


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
