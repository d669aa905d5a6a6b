"""What a doctor can answer about an image. The rules stand here and nowhere else; nothing in here asks the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from diagnosis.models import Answer, Prediction, Reason, Verdict
from mlcore.assays import Assay

CLASS = "class:"  # what the value of a class begins with, so that none can be taken for another answer

# Which reasons fit an answer. Any other answer takes none.
FITTING: Mapping[str, Sequence[Reason]] = {
    Answer.ANOTHER_CLASS: (Reason.MORPHOLOGY, Reason.ATYPICAL, Reason.ARTEFACT, Reason.STAIN, Reason.OTHER),
    Answer.CANNOT_TELL: (
        Reason.ATYPICAL,
        Reason.FEW_CELLS,
        Reason.ARTEFACT,
        Reason.STAIN,
        Reason.FOCUS,
        Reason.OTHER,
    ),
    Answer.UNSUITABLE: (
        Reason.FEW_CELLS,
        Reason.ARTEFACT,
        Reason.STAIN,
        Reason.FOCUS,
        Reason.WRONG_SPECIMEN,
        Reason.OTHER,
    ),
}


@dataclass(frozen=True)
class Choice:
    """One of the radio buttons: its words, the digit that chooses it, and the reasons that fit."""

    value: str
    words: str
    digit: int
    reasons: Sequence[str]


def suggested_class(prediction: Prediction | None) -> str:
    """The class that a shown prediction suggests; empty when it refers the image, or does not know such images."""
    return prediction.label if prediction and prediction.verdict == Verdict.CONFIDENT else ""


def answer_of(choice: str, *, suggested: str) -> tuple[str, str]:
    """Answer and class of a radio button's value. `suggested` is the class that the doctor has before them, if any."""
    if not choice.startswith(CLASS):
        return choice, ""
    label = choice.removeprefix(CLASS)
    if not suggested:
        return Answer.OWN_CLASS, label
    return (Answer.AGREE if label == suggested else Answer.ANOTHER_CLASS), label


def choice_of(label: str, answer: str) -> str:
    """The value of the radio button that says this."""
    return f"{CLASS}{label}" if label else answer


def choices_for(assay: Assay, *, suggested: str) -> list[Choice]:
    """Every answer, the classes in the assay's order: a class has the same place and digit whatever is suggested."""
    values = [f"{CLASS}{name}" for name in assay.classes] + [Answer.CANNOT_TELL.value, Answer.UNSUITABLE.value]
    return [_choice(value, digit, suggested) for digit, value in enumerate(values, start=1)]


def _choice(value: str, digit: int, suggested: str) -> Choice:
    answer, label = answer_of(value, suggested=suggested)
    if answer == Answer.AGREE:
        words = _("Agree: %(class_name)s") % {"class_name": _(label)}
    else:
        words = _(label) if label else str(Answer(answer).label)
    return Choice(value, words, digit, [reason.value for reason in FITTING.get(answer, ())])
