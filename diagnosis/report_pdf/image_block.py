"""One image on paper: its picture, beside it what doctors read and what the model suggested."""

import io

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from diagnosis.report_pdf import pictures
from diagnosis.report_pdf.paper import LARGE, LINE, MARGIN, SMALL, SOFT, TEXT, Paper
from diagnosis.report_pdf.pictures import Picture
from diagnosis.selectors.report_words import ImageWords, ReadingWords, SuggestionWords

SIDE = 56.0  # millimetres of a picture
GUTTER = 6.0
ROOM_TO_BEGIN = 62.0  # an image begins on a page that holds its picture


def write_image(paper: Paper, image: ImageWords, *, with_outline: bool) -> None:
    """The image's part of the report; a long comment goes on to the next page beside nothing."""
    paper.indent()
    paper.gap(3)
    is_withdrawn = image.standing == "withdrawn"
    paper.need(20 if is_withdrawn else ROOM_TO_BEGIN + 4)
    paper.rule()
    paper.gap(3)
    paper.start_section(f"{image.number}. {image.name[:80]}", level=1)
    page, top = paper.page, paper.get_y()
    bottom = top if is_withdrawn else _draw_pictures(paper, image, top, with_outline=with_outline)
    paper.set_y(top)
    paper.indent(0 if is_withdrawn else SIDE + GUTTER)
    _write_words(paper, image)
    if paper.page == page:
        paper.set_y(max(paper.get_y(), bottom))
    paper.indent()


def _draw_pictures(paper: Paper, image: ImageWords, top: float, *, with_outline: bool) -> float:
    plain = pictures.picture_of(image.display_sha256) if image.display_sha256 else None
    alt = _("Image %(number)s: %(name)s") % {"number": image.number, "name": image.name}
    bottom = _draw_picture(paper, plain, top, alt, _missing(image))
    if not (with_outline and plain and image.outline_sha256):
        return bottom
    marked = pictures.outlined(image.display_sha256, image.outline_sha256)
    if bottom + 3 + SIDE > paper.lowest:
        return bottom
    alt = _("Image %(number)s with the outline of what was segmented") % {"number": image.number}
    return _draw_picture(paper, marked, bottom + 3, alt, _missing(image))


def _missing(image: ImageWords) -> str:
    if not image.display_sha256:
        return _("There is no picture: the image was never analysed.")
    return _("The stored picture is missing or damaged and is not shown. Please tell your administrator.")


def _draw_picture(paper: Paper, picture: Picture | None, top: float, alt: str, missing: str) -> float:
    if picture is None:
        return _draw_gap(paper, top, missing)
    width, height = picture.fitted(SIDE)
    paper.image(io.BytesIO(picture.content), x=MARGIN, y=top, w=width, h=height, alt_text=alt)
    return top + height


def _draw_gap(paper: Paper, top: float, words: str) -> float:
    """A frame in the picture's place that says why it is not there."""
    paper.set_draw_color(*LINE)
    paper.rect(MARGIN, top, SIDE, SIDE, style="D")
    paper.write_in_box(words, MARGIN + 3, top + 6, SIDE - 6)
    return top + SIDE


def _write_words(paper: Paper, image: ImageWords) -> None:
    paper.write_text(f"{image.number}. {image.name}", SMALL, colour=SOFT)
    paper.write_text(image.headline, LARGE, bold=True)
    if image.withdrawn:
        paper.write_text(image.withdrawn)
    if image.leading:
        _write_reading(paper, image.leading, size=TEXT)
    for reading in image.others:
        paper.gap(1.5)
        paper.write_text(_replaced(reading) if reading.is_replaced else reading.result, SMALL, bold=True)
        _write_reading(paper, reading, size=SMALL)
    if image.suggestion:
        _write_suggestion(paper, image.suggestion, image.agreement)
    elif not image.withdrawn:
        paper.gap(1.5)
        paper.write_text(_("The model made no suggestion."), SMALL)
    paper.gap(1)
    paper.write_text(_("SHA-256 %(digest)s") % {"digest": image.sha256}, SMALL - 1.5, colour=SOFT)


def _replaced(reading: ReadingWords) -> str:
    return _("%(result)s (replaced by a later reading)") % {"result": reading.result}


def _write_reading(paper: Paper, reading: ReadingWords, *, size: float) -> None:
    time = date_format(timezone.localtime(reading.recorded_at), "SHORT_DATETIME_FORMAT")
    paper.write_text(reading.reader, size)
    paper.write_text(f"{reading.role} · {time}{_blinded(reading)}", SMALL, colour=SOFT)
    paper.write_text(reading.answer, SMALL)
    if reading.reason:
        paper.write_text(_("Reason: %(reason)s") % {"reason": reading.reason}, SMALL)
    if reading.change_reason:
        paper.write_text(_("Corrected because:"), SMALL, colour=SOFT)
        paper.write_text(reading.change_reason, SMALL)
    if reading.comment:
        paper.write_text(reading.comment, size)


def _blinded(reading: ReadingWords) -> str:
    return " · " + _("without having seen the suggestion") if reading.was_blinded else ""


def _write_suggestion(paper: Paper, said: SuggestionWords, agreement: str) -> None:
    paper.gap(2)
    paper.write_text(_("AI suggestion: %(words)s") % {"words": said.headline}, SMALL, bold=True)
    for share in said.shares:
        paper.bar(_malignant(share.label) if share.is_malignant else share.label, share.probability, share.figure)
    if said.possible:
        paper.write_text(_("Prediction set: %(classes)s") % {"classes": said.possible}, SMALL)
    if agreement:
        paper.write_text(agreement, SMALL)
    paper.write_text(_("Model: %(model)s") % {"model": f"{said.model}, {said.model_sha256[:12]}"}, SMALL, colour=SOFT)


def _malignant(label: str) -> str:
    return label if label.lower() == "malignant" else _("%(name)s (malignant)") % {"name": label}
