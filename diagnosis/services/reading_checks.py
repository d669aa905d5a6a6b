"""What a reading must be before it is recorded. Every refusal is a sentence, by the entry that it is about."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from diagnosis.models import Answer, Reading, Reason, SlideImage
from diagnosis.models.reading import LONGEST_COMMENT, WITH_A_CLASS, WITH_A_REASON
from diagnosis.selectors.reading_choices import FITTING


@dataclass(frozen=True, kw_only=True)
class ReadingEntries:
    """What a doctor says. `change_reason` says why it replaces the doctor's own earlier reading, if it does."""

    answer: str
    label: str = ""
    reason: str = ""
    comment: str = ""
    change_reason: str = ""

    @property
    def result(self) -> str:
        """As `Reading.result`."""
        return self.label or self.answer

    def says_the_same_as(self, reading: Reading) -> bool:
        """Whether recording it would say nothing new. Whether a class was agreed with or given freely is no matter."""
        return (self.result, self.reason, self.comment) == (reading.result, reading.reason, reading.comment)


def check_image(image: SlideImage, entries: ReadingEntries) -> None:
    """The image is in use, and there is a picture of it when a class is given."""
    if image.withdrawn_at:
        raise ValidationError(
            _("This image was withdrawn from the case meanwhile, so no reading of it is recorded."), code="withdrawn"
        )
    if entries.label and not image.display_sha256:
        raise ValidationError(
            {"answer": _("There is no picture of this image yet, so no class can be given.")}, code="no_picture"
        )


def check_answer(image: SlideImage, entries: ReadingEntries, *, suggested: str) -> None:
    """The answer is one that can be given here: about a class of the assay, and a suggestion that was shown."""
    if entries.answer not in Answer.values:
        raise ValidationError({"answer": _("Choose what you see.")})
    takes_a_class = entries.answer in WITH_A_CLASS
    if takes_a_class and entries.label not in image.case.get_assay().classes:
        raise ValidationError({"label": _("Choose one of the classes of this assay.")})
    if entries.label and not takes_a_class:
        raise ValidationError({"label": _("This answer takes no class.")})
    if takes_a_class and entries.answer != _answer_with_class(entries.label, suggested):
        raise ValidationError({"answer": _("This answer does not fit what was suggested.")})


def _answer_with_class(label: str, suggested: str) -> Answer:
    if not suggested:
        return Answer.OWN_CLASS
    return Answer.AGREE if label == suggested else Answer.ANOTHER_CLASS


def check_comment(entries: ReadingEntries) -> None:
    """The database would take any length."""
    if len(entries.comment) > LONGEST_COMMENT:
        raise ValidationError(
            {"comment": _("The comment is longer than %(most)s characters.") % {"most": LONGEST_COMMENT}}
        )


def check_reason(entries: ReadingEntries) -> None:
    """There is a reason where one is needed, one that fits; `other` says more in the comment."""
    if entries.answer not in WITH_A_REASON:
        if entries.reason:
            raise ValidationError({"reason": _("This answer takes no reason. Say it in the comment.")})
        return
    if not entries.reason:
        raise ValidationError({"reason": _("Choose a reason.")})
    if entries.reason not in FITTING[entries.answer]:
        raise ValidationError({"reason": _("This reason does not fit the answer. Choose another.")})
    if entries.reason == Reason.OTHER and not entries.comment:
        raise ValidationError({"comment": _("Say what the other reason is.")})


def check_change(entries: ReadingEntries, *, replaced: Reading | None) -> None:
    """A correction says why; a first word has nothing to say that about."""
    if replaced and not entries.change_reason:
        raise ValidationError({"change_reason": _("Say why you change your reading.")})
    if entries.change_reason and not replaced:
        raise ValidationError({"change_reason": _("There is no earlier reading of yours that this could replace.")})
