"""Words and shapes of histories, comparisons and charts."""

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _

from diagnosis.models import Answer

register = template.Library()

# In the order of static/js/charts.js: a model is told by its shape, whatever its colour.
SHAPES = ("●", "▲", "■", "◆", "✚", "✱")


@register.filter
def result_words(result: str) -> str:
    """What a reading came to: a class by its name, or the answer where it gave none."""
    return str(Answer(result).label) if result in Answer.values else _(result)


@register.filter
def shape(number: int) -> str:
    """The sign of a model in a chart's table, the same as its points have."""
    return format_html('<span class="shape" aria-hidden="true">{}</span>', SHAPES[number % len(SHAPES)])


@register.filter
def points(difference: float) -> str:
    """A difference of two probabilities in percentage points, with its sign."""
    whole = round(100 * difference)
    sign = "+" if whole > 0 else "\N{MINUS SIGN}" if whole < 0 else ""
    return _("%(sign)s%(number)s points") % {"sign": sign, "number": abs(whole)}


@register.filter
def change(pair: tuple[int, int]) -> str:
    """How much a count went up or down."""
    grown = pair[1] - pair[0]
    return f"+{grown}" if grown > 0 else f"\N{MINUS SIGN}{-grown}" if grown < 0 else "0"
