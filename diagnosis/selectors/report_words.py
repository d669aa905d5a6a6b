"""A report's content in words, in the language in force: the same sentences on the page, in the PDF and in tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from clinic.models import Role
from diagnosis.models import Answer, Confirmation, ReadingRole, Reason, Verdict, WithdrawalReason
from diagnosis.selectors.outcomes import Standing
from diagnosis.selectors.report_content import WITHHELD, Content
from diagnosis.views.results import percentage


@dataclass(frozen=True)
class ReadingWords:
    """One reading. `is_replaced`: a later one of the same doctor has taken its place."""

    result: str
    answer: str
    reader: str
    role: str
    reason: str
    comment: str
    was_blinded: bool
    change_reason: str
    is_replaced: bool
    recorded_at: datetime


@dataclass(frozen=True)
class Share:
    """One class and the model's probability for it, 0 to 1 and as a figure."""

    label: str
    is_malignant: bool
    probability: float
    figure: str

    @property
    def width(self) -> str:
        """Of a bar, in per cent."""
        return f"{100 * min(max(self.probability, 0), 1):.2f}%"


@dataclass(frozen=True)
class SuggestionWords:
    """What the model suggested. Outside what it knows there are no classes and no figures."""

    verdict: str
    headline: str
    possible: str
    malignant: str
    shares: Sequence[Share]
    model: str
    model_sha256: str
    made_at: datetime


@dataclass(frozen=True)
class ImageWords:
    """One image: `leading` is the reading that counts, `others` are the rest."""

    number: int
    id: str
    name: str
    sha256: str
    display_sha256: str
    outline_sha256: str
    standing: str
    headline: str
    leading: ReadingWords | None
    others: Sequence[ReadingWords]
    suggestion: SuggestionWords | None
    agreement: str
    withdrawn: str
    width: int
    height: int


def images_of(content: Content) -> list[ImageWords]:
    """Every image of the report, in the order in which they came in."""
    return [_image(number, image, content) for number, image in enumerate(content["images"], 1)]


def result_words(result: str, classes: Sequence[Content]) -> str:
    """What a reading or a case comes to, in words; a class by its own name."""
    named = {Answer.CANNOT_TELL.value: _("Cannot tell"), Answer.UNSUITABLE.value: _("Unsuitable image")}
    if result in named:
        return named[result]
    malignant = {one["name"] for one in classes if one["malignant"]}
    if result in malignant and result.lower() != "malignant":
        return _("%(name)s (malignant)") % {"name": result}
    return result


def case_result(content: Content) -> str:
    """What the case comes to."""
    return result_words(content["result"], content["case"]["classes"]) or _("Not known yet")


def assay_words(content: Content) -> str:
    """What was examined."""
    return _(content["case"]["assay_name"])


def rule_words(content: Content) -> str:
    """The rule by which a case's result is found, in a sentence or two."""
    order = ", ".join(_name_in_rule(one) for one in content["rule"])
    return _(
        "The worst reading leads: of all images in use, the result that comes first in this order is the result of "
        "the case: %(order)s. For an image the adjudication leads; else all its readings say the same."
    ) % {"order": order}


def _name_in_rule(result: str) -> str:
    named = {Answer.CANNOT_TELL.value: _("cannot tell"), Answer.UNSUITABLE.value: _("unsuitable image")}
    return named.get(result, result)


def patient_name(content: Content) -> str:
    """Family name, given name."""
    patient = content["patient"]
    return ", ".join(name for name in (patient["family_name"], patient["given_name"]) if name)


def birth_date(content: Content) -> date | None:
    said = content["patient"]["birth_date"]
    return date.fromisoformat(said) if said else None


def specimen_date(content: Content) -> date:
    return date.fromisoformat(content["case"]["specimen_date"])


def signed_at(content: Content) -> datetime:
    return datetime.fromisoformat(content["signed_at"])


def signer_words(content: Content) -> str:
    """The signer's name and role."""
    signer = content["signer"]
    return f"{signer['name']} ({Role(signer['role']).label})"


def confirmation_words(content: Content) -> str:
    """By what the signer proved who they are."""
    return str(Confirmation(content["confirmed_by"]).label)


def _image(number: int, image: Content, content: Content) -> ImageWords:
    classes = content["case"]["classes"]
    replaced = {reading["replaces"] for reading in image["readings"]}
    readings = {one["id"]: _reading(one, classes, is_replaced=one["id"] in replaced) for one in image["readings"]}
    leading = readings.get(image["leading"] or "")
    others = [words for pk, words in readings.items() if pk != image["leading"]]
    suggestion = image["suggestion"]
    return ImageWords(
        number=number,
        id=image["id"],
        name=image["name"],
        sha256=image["sha256"],
        display_sha256=image["display_sha256"],
        outline_sha256=suggestion["outline_sha256"] if suggestion else "",
        standing="withdrawn" if image["withdrawn"] else image["standing"],
        headline=_headline(image, leading),
        leading=leading,
        others=others,
        suggestion=_suggestion(suggestion, classes) if suggestion else None,
        agreement=_agreement(image.get("agreement", "")),
        withdrawn=_withdrawn(image["withdrawn"]),
        width=image["width"],
        height=image["height"],
    )


def _headline(image: Content, leading: ReadingWords | None) -> str:
    if image["withdrawn"]:
        return _("Withdrawn, counts for nothing")
    if leading:
        return leading.result
    words = {
        WITHHELD: _("Withheld until you have read it"),
        Standing.DISAGREEMENT: _("Doctors differ"),
        Standing.UNREAD: _("Not read"),
    }
    return words[image["standing"]]


def _reading(reading: Content, classes: Sequence[Content], *, is_replaced: bool) -> ReadingWords:
    return ReadingWords(
        result=result_words(reading["label"] or reading["answer"], classes),
        answer=str(Answer(reading["answer"]).label),
        reader=reading["reader"],
        role=str(ReadingRole(reading["role"]).label),
        reason=str(Reason(reading["reason"]).label) if reading["reason"] else "",
        comment=reading["comment"],
        was_blinded=reading["was_blinded"],
        change_reason=reading["change_reason"],
        is_replaced=is_replaced,
        recorded_at=datetime.fromisoformat(reading["recorded_at"]),
    )


def _suggestion(suggestion: Content, classes: Sequence[Content]) -> SuggestionWords:
    model = suggestion["model"]
    is_outside = suggestion["verdict"] == Verdict.OUT_OF_SCOPE
    shares = [] if is_outside else _shares(suggestion["probabilities"], classes)
    return SuggestionWords(
        verdict=suggestion["verdict"],
        headline=_suggested(suggestion),
        possible="" if is_outside else ", ".join(one.label for one in shares if _is_possible(one.label, suggestion)),
        malignant="" if is_outside else percentage(suggestion["malignant_probability"]),
        shares=shares,
        model=f"{model['name']} {model['version']}",
        model_sha256=model["sha256"],
        made_at=datetime.fromisoformat(suggestion["made_at"]),
    )


def _is_possible(label: str, suggestion: Content) -> bool:
    return label in suggestion["prediction_set"]


def _suggested(suggestion: Content) -> str:
    if suggestion["verdict"] == Verdict.CONFIDENT:
        return _("%(name)s, confident") % {"name": suggestion["label"]}
    if suggestion["verdict"] == Verdict.REFER:
        return _("No class suggested: refer to a second reader")
    return _("No class suggested: outside what this model knows")


def _shares(probabilities: Content, classes: Sequence[Content]) -> list[Share]:
    return [
        Share(one["name"], one["malignant"], probabilities[one["name"]], percentage(probabilities[one["name"]]))
        for one in classes
        if one["name"] in probabilities
    ]


def _agreement(code: str) -> str:
    words = {
        "agrees": _("The doctor and the model say the same."),
        "differs": _("The doctor and the model differ; the doctor's reading counts."),
        "no_class_suggested": _("The model suggested no class to compare with."),
        "no_class_read": _("The doctor gave no class to compare with."),
    }
    return words.get(code, "")


def _withdrawn(entry: Content | None) -> str:
    if entry is None:
        return ""
    return _("Withdrawn by %(person)s: %(reason)s") % {
        "person": entry["by"],
        "reason": WithdrawalReason(entry["reason"]).label,
    }
