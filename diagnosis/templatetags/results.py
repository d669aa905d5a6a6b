"""Numbers and words of a result, the same wherever they are shown."""

from django import template
from django.utils.translation import gettext as _

from diagnosis.models import Analysis, Prediction
from diagnosis.views.results import Result, percentage, result_of

register = template.Library()

register.filter("percentage", percentage)


@register.filter
def result(prediction: Prediction) -> Result:
    """A prediction in words and figures."""
    return result_of(prediction)


@register.filter
def failure_words(analysis: Analysis) -> str:
    """Why an analysis failed. The sentence is stored in English and is one of those that we know."""
    return _(analysis.failure_message) if analysis.failure_message else ""


@register.filter
def digest(sha256: str) -> str:
    """The first characters of a SHA-256: enough to compare by eye."""
    return sha256[:12]


@register.filter
def state_icon(analysis: Analysis | None) -> str:
    """The drawing that stands beside a state's name."""
    return {"queued": "clock", "running": "pulse", "succeeded": "done"}.get(analysis.state if analysis else "", "fault")
