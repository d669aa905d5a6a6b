"""What is due in a case, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.models import CaseStanding, Doubt, RequestKind, Stage
from diagnosis.selectors.asked import Asked
from diagnosis.selectors.worklist import WorklistRow


@dataclass(frozen=True)
class Due:
    """One thing that is due: its words, with a drawing and a look that say nothing more."""

    words: str
    kind: str = "plain"
    drawing: str = ""


def due_of(row: WorklistRow) -> Sequence[Due]:
    """All that is due, what is asked of the doctor first."""
    return [*_requests(row.asked), *_work(row.standing, is_asked=bool(row.asked), changed=row.changed), *_hints(row)]


def _requests(asked: Sequence[Asked]) -> Iterator[Due]:
    second = sum(one.kind is RequestKind.SECOND for one in asked)
    by_name = sum(one.kind is RequestKind.ADJUDICATION and one.is_by_name for one in asked)
    of_team = len(asked) - second - by_name
    if second:
        words = ngettext(
            "Second reading of %(number)d image asked of you",
            "Second reading of %(number)d images asked of you",
            second,
        )
        yield Due(words % {"number": second}, "active", "person")
    if by_name:
        words = ngettext(
            "Adjudication of %(number)d image asked of you", "Adjudication of %(number)d images asked of you", by_name
        )
        yield Due(words % {"number": by_name}, "active", "person")
    if of_team:
        words = ngettext(
            "Adjudication of %(number)d image asked of the care team",
            "Adjudication of %(number)d images asked of the care team",
            of_team,
        )
        yield Due(words % {"number": of_team}, "active", "people")


def _work(standing: CaseStanding, *, is_asked: bool, changed: int) -> Iterator[Due]:
    if standing.unread:
        yield Due(ngettext("%(number)d to read", "%(number)d to read", standing.unread) % {"number": standing.unread})
    if standing.failed and standing.stage != Stage.DONE:
        words = ngettext("%(number)d failed", "%(number)d failed", standing.failed)
        yield Due(words % {"number": standing.failed}, "fault", "fault")
    if changed:
        words = ngettext("Result of %(number)d image changed", "Results of %(number)d images changed", changed)
        yield Due(words % {"number": changed}, "refer", "refer")
    if standing.stage == Stage.TO_SIGN:
        yield Due(_("Amendment to sign") if standing.signed_at else _("To sign"), "active", "sign")
    elif standing.stage == Stage.DONE and standing.signed_at:
        signed = date_format(localtime(standing.signed_at), "SHORT_DATE_FORMAT")
        yield Due(_("Signed on %(day)s") % {"day": signed}, drawing="sign")
    elif not standing.images:
        yield Due(_("No image yet"))
    elif not (standing.unread or standing.pending or is_asked):
        yield Due(_("Waits for a colleague"), drawing="clock")


def _hints(row: WorklistRow) -> Iterator[Due]:
    """Why a case stands above others. Nothing where the order says nothing: of requests, and of what is withheld."""
    standing = row.standing
    if row.asked or not standing.unread:
        return
    if standing.shown_doubt == Doubt.UNCERTAIN and standing.refer + standing.out_of_scope:
        yield Due(_("The model is not sure"), "refer", "refer")
    elif standing.shown_doubt == Doubt.MALIGNANT:
        yield Due(_("Malignant suggested"))


def words_of_finished(standing: CaseStanding) -> str:
    """That a case's images are analysed, without the patient's name: it may be read out in a room."""
    day = date_format(standing.specimen_date, "MONTH_DAY_FORMAT")
    good = standing.images - standing.failed
    values = {"day": day, "number": standing.images, "good": good, "failed": standing.failed}
    if standing.failed:
        words = ngettext(
            "Case of %(day)s: %(good)d of %(number)d images is analysed, %(failed)d failed",
            "Case of %(day)s: %(good)d of %(number)d images are analysed, %(failed)d failed",
            good,
        )
        return words % values
    words = ngettext(
        "Case of %(day)s: its image is analysed", "Case of %(day)s: all %(number)d images are analysed", standing.images
    )
    return words % values
