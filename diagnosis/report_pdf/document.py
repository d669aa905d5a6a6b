"""A signed report on paper: drawn from the signed content and the stored pictures, from nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from diagnosis.canonical import canonical
from diagnosis.report_pdf import fonts
from diagnosis.report_pdf.image_block import write_image
from diagnosis.report_pdf.paper import LARGE, SMALL, SOFT, TEXT, TITLE, EveryPage, Paper
from diagnosis.selectors import report_words
from diagnosis.selectors.report_content import Content


@dataclass(frozen=True)
class Superseded:
    """The report that holds in the place of the one being drawn."""

    version: int
    signed_at: str
    signer: str


def draw(content: Content, *, digest: str, report_id: str, superseded: Superseded | None = None) -> bytes:
    """The report as PDF, in the language and the time zone it was signed in. The same report gives the same bytes."""
    with translation.override(content["language"]), timezone.override(ZoneInfo(content["time_zone"])):
        paper = Paper(
            _every_page(content, digest, superseded),
            language=content["language"],
            title=_("Report %(number)s, version %(version)s")
            % {"number": report_id[:8], "version": content["version"]},
            made_at=report_words.signed_at(content),
        )
        paper.add_page()
        _write_summary(paper, content, digest)
        _write_images(paper, content)
        return paper.finish()


def _every_page(content: Content, digest: str, superseded: Superseded | None) -> EveryPage:
    return EveryPage(
        name=fonts.drawable(report_words.patient_name(content)),
        facts=_("Record %(number)s · born %(date)s")
        % {"number": content["patient"]["record_number"], "date": _day(report_words.birth_date(content))},
        report=_("Report, version %(version)s") % {"version": content["version"]},
        mark=fonts.drawable(_mark(superseded)),
        notice=_("Second Read suggests; the doctor decides. It is not a certified medical device."),
        digest=_("SHA-256 of the content: %(digest)s") % {"digest": digest[:32]},
        page_words=_("Page %(page)s of %(pages)s"),
    )


def _mark(superseded: Superseded | None) -> str:
    if superseded is None:
        return ""
    return _("Superseded by version %(version)s of %(time)s, signed by %(person)s.") % {
        "version": superseded.version,
        "time": _moment(datetime.fromisoformat(superseded.signed_at)),
        "person": superseded.signer,
    }


def _write_summary(paper: Paper, content: Content, digest: str) -> None:
    paper.start_section(_("Summary"))
    paper.write_text(report_words.assay_words(content), TITLE, bold=True)
    taken = {"date": _day(report_words.specimen_date(content)), "number": content["case"]["id"][:8]}
    paper.write_text(_("Specimen of %(date)s · case %(number)s") % taken, colour=SOFT)
    _write_note_on_letters(paper, content)
    _write_part(paper, _("Result of the case"), report_words.case_result(content), size=LARGE, bold=True)
    paper.write_text(_tally(content))
    paper.write_text(report_words.rule_words(content), SMALL, colour=SOFT)
    _write_part(paper, _("Findings"), content["findings"] or _("No findings were written."))
    _write_amendment(paper, content)
    if content["case"]["note"]:
        _write_part(paper, _("Note of the case"), content["case"]["note"])
    _write_models(paper, content)
    _write_signature(paper, content, digest)


def _write_note_on_letters(paper: Paper, content: Content) -> None:
    """A name must never lose a letter without anybody knowing."""
    text = canonical(content).decode()
    if all(fonts.can_draw(one) for one in text):
        return
    paper.gap(2)
    words = _(
        "This print has no letters for some characters. They stand as their Unicode code points, for example "
        "[U+4E2D]; the page and the tables show them."
    )
    paper.write_text(words, SMALL, bold=True)


def _tally(content: Content) -> str:
    """How many images came to what."""
    counts: dict[str, int] = {}
    for image in report_words.images_of(content):
        counts[image.headline] = counts.get(image.headline, 0) + 1
    return "\n".join(
        f"{number} \N{MULTIPLICATION SIGN} {words}" for words, number in sorted(counts.items(), key=lambda one: -one[1])
    )


def _write_amendment(paper: Paper, content: Content) -> None:
    amends = content["amends"]
    if amends is None:
        return
    _write_part(paper, _("Amendment"), content["amendment_reason"])
    words = _("In the place of version %(version)s, signed by %(person)s on %(time)s (SHA-256 %(digest)s).") % {
        "version": amends["version"],
        "person": amends["signer"],
        "time": _moment(datetime.fromisoformat(amends["signed_at"])),
        "digest": amends["digest"],
    }
    paper.write_text(words, SMALL, colour=SOFT)


def _write_models(paper: Paper, content: Content) -> None:
    lines = [f"{model['name']} {model['version']}\nSHA-256 {model['sha256']}" for model in content["models"]]
    _write_part(paper, _("Models"), "\n".join(lines) or _("No model made a suggestion."), size=SMALL)


def _write_signature(paper: Paper, content: Content, digest: str) -> None:
    paper.need(24)
    _write_part(paper, _("Signed"), report_words.signer_words(content), bold=True)
    words = _("%(time)s (%(zone)s) · confirmed by: %(way)s") % {
        "time": _moment(report_words.signed_at(content)),
        "zone": content["time_zone"],
        "way": report_words.confirmation_words(content),
    }
    paper.write_text(words)
    paper.write_text(_("SHA-256 of the content: %(digest)s") % {"digest": digest}, SMALL, colour=SOFT)


def _write_images(paper: Paper, content: Content) -> None:
    paper.gap(6)
    paper.need(70)
    paper.start_section(_("Images"))
    paper.write_text(_("Images"), LARGE, bold=True)
    for image in report_words.images_of(content):
        write_image(paper, image, with_outline=content["with_outlines"])


def _write_part(paper: Paper, heading: str, text: str, *, size: float = TEXT, bold: bool = False) -> None:
    paper.gap(4)
    paper.need(14)
    paper.write_text(heading, SMALL, bold=True, colour=SOFT)
    paper.write_text(text, size, bold=bold)


def _moment(value: datetime) -> str:
    local = timezone.localtime(value)
    return f"{date_format(local, 'DATETIME_FORMAT')} {date_format(local, 'T')}"


def _day(value: date | None) -> str:
    return date_format(value, "DATE_FORMAT") if value else _("not known")
