"""A report as a table, a row an image: what the CSV and the workbook hold, from the signed content alone."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from diagnosis.selectors import report_words
from diagnosis.selectors.report_content import Content
from diagnosis.selectors.report_words import ImageWords, ReadingWords

Row = list[str]


def headings(content: Content) -> list[str]:
    """What stands above the columns, in the language the report was signed in."""
    with translation.override(content["language"]):
        return [*_of_the_report(), *_of_the_image(), *_of_the_reading(), *_of_the_suggestion()]


def rows(content: Content) -> Iterator[Row]:
    """A row for each image, also for one that was withdrawn."""
    with translation.override(content["language"]):
        made = [_row(content, image) for image in report_words.images_of(content)]
    yield from made


def _of_the_report() -> Row:
    return [
        _("Record number"),
        _("Patient"),
        _("Born"),
        _("Assay"),
        _("Specimen taken on"),
        _("Report version"),
        _("Signed by"),
        _("Signed at"),
        _("Result of the case"),
        _("Findings"),
        _("Reason of the amendment"),
    ]


def _of_the_image() -> Row:
    return [_("Image"), _("Image name"), _("Image SHA-256"), _("Result"), _("Withdrawn")]


def _of_the_reading() -> Row:
    return [_("Read by"), _("Role"), _("Answer"), _("Reason"), _("Comment"), _("Read at"), _("Other readings")]


def _of_the_suggestion() -> Row:
    return [
        _("AI suggestion"),
        _("Prediction set"),
        _("Probability of malignant classes"),
        _("Probabilities"),
        _("Agreement"),
        _("Model"),
        _("Model SHA-256"),
    ]


def _row(content: Content, image: ImageWords) -> Row:
    return [
        content["patient"]["record_number"],
        report_words.patient_name(content),
        content["patient"]["birth_date"] or "",
        report_words.assay_words(content),
        content["case"]["specimen_date"],
        str(content["version"]),
        report_words.signer_words(content),
        _time(content, content["signed_at"]),
        report_words.case_result(content),
        content["findings"],
        content["amendment_reason"],
        str(image.number),
        image.name,
        image.sha256,
        image.headline,
        image.withdrawn,
        *_reading(content, image.leading),
        "; ".join(_other(content, one) for one in image.others),
        *_suggestion(content, image),
    ]


def _reading(content: Content, reading: ReadingWords | None) -> Row:
    if reading is None:
        return [""] * 6
    recorded = _time(content, reading.recorded_at.isoformat())
    return [reading.reader, reading.role, reading.answer, reading.reason, reading.comment, recorded]


def _other(content: Content, reading: ReadingWords) -> str:
    words = f"{reading.role}, {reading.reader}, {_time(content, reading.recorded_at.isoformat())}: {reading.result}"
    return _("%(reading)s (replaced)") % {"reading": words} if reading.is_replaced else words


def _suggestion(content: Content, image: ImageWords) -> Row:
    said = image.suggestion
    if said is None:
        return [""] * 7
    stored = next(one["suggestion"] for one in content["images"] if one["id"] == image.id)
    shares = "; ".join(f"{one.label} {one.probability}" for one in said.shares)
    malignant = str(stored["malignant_probability"]) if said.shares else ""
    return [said.headline, said.possible, malignant, shares, image.agreement, said.model, said.model_sha256]


def _time(content: Content, moment: str) -> str:
    """In the report's time zone, with the distance from UTC."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(content["time_zone"])).isoformat(timespec="seconds")
