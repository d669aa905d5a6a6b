"""Numbers and words of a result, the same wherever they are shown."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _

from diagnosis.models import Analysis, Prediction, Verdict
from diagnosis.selectors.newer_results import ImageResult
from diagnosis.views.results import Result, percentage, result_of
from diagnosis.waits import in_words

register = template.Library()

register.filter("percentage", percentage)


@register.filter
def result(prediction: Prediction) -> Result:
    """A prediction in words and figures."""
    return result_of(prediction)


@register.filter
def said(prediction: Prediction) -> str:
    """What a prediction comes to, in a word or two; no class where the model is not confident."""
    shown = result_of(prediction)
    if prediction.verdict != Verdict.CONFIDENT:
        return shown.verdict_label
    return next((bar.label for bar in shown.bars if bar.name == prediction.label), prediction.label)


@register.filter
def class_rows(results: Sequence[ImageResult]) -> Sequence[tuple[str, Sequence[str]]]:
    """Class by class what several results give it: a dash where one lies outside what its model knows."""
    shown = [{bar.name: bar for bar in result_of(one.prediction).bars} for one in results]
    labels = {name: bar.label for bars in shown for name, bar in bars.items()}
    return [
        (label, [bars[name].figure if name in bars else "\N{EN DASH}" for bars in shown])
        for name, label in labels.items()
    ]


@register.filter
def failure_words(analysis: Analysis) -> str:
    """Why an analysis failed. The sentence is stored in English and is one of those that we know."""
    return _(analysis.failure_message) if analysis.failure_message else ""


@register.filter
def digest(sha256: str) -> str:
    """The first characters of a SHA-256: enough to compare by eye."""
    return sha256[:12]


@register.filter
def wait_words(seconds: int) -> str:
    """How long something takes, as exactly as it is known: to go behind "about" or "more than"."""
    return in_words(seconds)


@register.filter
def state_icon(analysis: Analysis | None) -> str:
    """The drawing that stands beside a state's name."""
    return {"queued": "clock", "running": "pulse", "succeeded": "done"}.get(analysis.state if analysis else "", "fault")
