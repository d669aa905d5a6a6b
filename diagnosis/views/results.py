"""A prediction in words and figures, as doctors read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from diagnosis.models import Prediction, Verdict
from diagnosis.selectors.cases import MALIGNANT_FROM

NEARLY_ALL = 0.99  # beyond this, digits promise more than the model knows
NEARLY_NONE = 0.01
SURE = 0.95  # as sure as prediction sets are meant to be


@dataclass(frozen=True)
class Bar:
    """One class of the assay and the model's probability for it; `width` is the length of its bar in per cent.

    `name` is the class as it is stored, `label` as it is read.
    """

    name: str
    label: str
    is_malignant: bool
    figure: str
    width: str


@dataclass(frozen=True)
class Result:
    """What a page says about a prediction. Outside what the model knows there are no figures, classes or bars.

    `headline` answers malignant or not; `verdict` says how far to trust it, in words `verdict_label`.
    `possible`: the prediction set, in words.
    """

    verdict: str
    verdict_label: str
    headline: str
    explanation: str
    malignant: Bar | None
    bars: Sequence[Bar]
    possible: str


def percentage(probability: float) -> str:
    """A probability in whole per cent; never 0 or 100, which no model can promise."""
    if probability > NEARLY_ALL:
        return ">\N{NO-BREAK SPACE}99\N{NO-BREAK SPACE}%"
    if probability < NEARLY_NONE:
        return "<\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}%"
    return f"{probability:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def result_of(prediction: Prediction) -> Result:
    """The words and figures of a prediction (with its case at hand)."""
    if prediction.verdict == Verdict.OUT_OF_SCOPE:
        return Result(
            verdict=prediction.verdict,
            verdict_label=str(Verdict.OUT_OF_SCOPE.label),
            headline=str(Verdict.OUT_OF_SCOPE.label),
            explanation=_(
                "This image does not look like the images the model was made for, so it suggests nothing. "
                "Stain, magnification, focus or specimen may differ."
            ),
            malignant=None,
            bars=(),
            possible="",
        )
    return Result(
        verdict=prediction.verdict,
        verdict_label=prediction.get_verdict_display(),
        headline=_headline(prediction),
        explanation=_explanation(prediction),
        malignant=_bar("Malignant", probability=prediction.malignant_probability, is_malignant=True),
        bars=_bars(prediction),
        possible=", ".join(_possible(prediction)),
    )


def _headline(prediction: Prediction) -> str:
    probability = prediction.malignant_probability
    is_malignant = probability >= MALIGNANT_FROM
    if prediction.verdict == Verdict.CONFIDENT:
        return _("Malignant") if is_malignant else _("Not malignant")
    possible, assay = set(prediction.prediction_set), prediction.analysis.image.case.get_assay()
    side = assay.malignant if is_malignant else set(assay.classes) - assay.malignant
    # One class alone on its side: doubt about the class is doubt about the answer.
    settled = len(side) > 1 and (len(possible) > 1 or not 1 - SURE < probability < SURE)
    if not (settled and possible <= side):
        return _("Malignant or not: uncertain")
    return _("Malignant, class uncertain") if is_malignant else _("Not malignant, class uncertain")


def _explanation(prediction: Prediction) -> str:
    if prediction.verdict == Verdict.CONFIDENT:
        return _("The model suggests the class %(label)s.") % {"label": _(prediction.label)}
    possible = _possible(prediction)
    if len(possible) > 1:
        sentence = _("The model cannot tell %(classes)s apart here. This image needs a second reader.")
        return sentence % {"classes": get_text_list(possible, _("and"))}
    return _("The model is not certain enough to suggest a class. This image needs a second reader.")


def _possible(prediction: Prediction) -> list[str]:
    """The prediction set in words, in the assay's order."""
    classes = prediction.analysis.image.case.get_assay().classes
    return [_(name) for name in classes if name in prediction.prediction_set]


def _bars(prediction: Prediction) -> list[Bar]:
    assay = prediction.analysis.image.case.get_assay()
    return [
        _bar(name, probability=prediction.probabilities[name], is_malignant=name in assay.malignant)
        for name in assay.classes
        if name in prediction.probabilities
    ]


def _bar(name: str, *, probability: float, is_malignant: bool) -> Bar:
    width = f"{100 * min(max(probability, 0), 1):.2f}%"
    return Bar(name=name, label=_(name), is_malignant=is_malignant, figure=percentage(probability), width=width)
