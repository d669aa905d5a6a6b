"""What stands in the way of signing a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import User
from clinic.selectors.care_teams import is_on_team
from diagnosis.models import SlideImage
from diagnosis.selectors.outcomes import Standing
from diagnosis.selectors.report_rows import ReportRows

MOST_LINKS = 20


@dataclass(frozen=True)
class Obstacle:
    """One thing, in a sentence, with the images it is about."""

    kind: str
    words: str
    images: Sequence[SlideImage] = ()

    @property
    def short(self) -> str:
        """In a word or two, for a place where many cases stand."""
        words = {
            "withheld": _("%(count)d for you to read"),
            "unread": _("%(count)d unread"),
            "disagreement": _("%(count)d disputed"),
            "requests": _("%(count)d asked for"),
            "pending": _("%(count)d being analysed"),
            "restricted": _("Restricted"),
            "team": _("For the care team"),
            "empty": _("No image"),
        }
        return words[self.kind] % {"count": len(self.images)}

    @property
    def shown(self) -> Sequence[SlideImage]:
        """As many as a page links to."""
        return self.images[:MOST_LINKS]

    @property
    def left_out(self) -> int:
        return max(0, len(self.images) - MOST_LINKS)


def obstacles_of(rows: ReportRows, *, person: User) -> list[Obstacle]:
    """All that must be done before the person can sign; empty when they can."""
    found = [_of_the_record(rows), _of_the_person(rows, person), _no_image(rows), *_of_images(rows)]
    return [one for one in found if one]


def _of_the_record(rows: ReportRows) -> Obstacle | None:
    if not rows.case.patient.restricted_at:
        return None
    return Obstacle("restricted", _("The record is restricted: nothing is signed until the restriction is lifted."))


def _of_the_person(rows: ReportRows, person: User) -> Obstacle | None:
    if is_on_team(patient=rows.case.patient, user=person):
        return None
    return Obstacle("team", _("Only the patient's care team signs. An emergency opens the record to look at it."))


def _no_image(rows: ReportRows) -> Obstacle | None:
    return None if rows.in_use else Obstacle("empty", _("The case has no image in use, so there is nothing to sign."))


def _of_images(rows: ReportRows) -> list[Obstacle]:
    """What is withheld is neither counted as read nor as unread: that too would tell something."""
    withheld = [image for image in rows.in_use if image.pk in rows.withheld]
    standings = {image.pk: rows.outcome(image).standing for image in rows.in_use if image.pk not in rows.withheld}
    unread = [image for image in rows.in_use if standings.get(image.pk) is Standing.UNREAD]
    differing = [image for image in rows.in_use if standings.get(image.pk) is Standing.DISAGREEMENT]
    asked = {request.image_id for request in rows.requests} - rows.withheld
    requested = [image for image in rows.in_use if image.pk in asked]
    pending = [image for image in rows.in_use if image.pk in rows.pending]
    found = [
        Obstacle("withheld", _withheld_words(len(withheld)), withheld),
        Obstacle("unread", _unread_words(len(unread)), unread),
        Obstacle("disagreement", _disagreement_words(len(differing)), differing),
        Obstacle("requests", _request_words(len(requested)), requested),
        Obstacle("pending", _pending_words(len(pending)), pending),
    ]
    return [one for one in found if one.images]


def _withheld_words(count: int) -> str:
    return ngettext(
        "You have not read %(count)d image yourself, so what others and the model say of it is withheld from you.",
        "You have not read %(count)d images yourself, so what others and the model say of them is withheld from you.",
        count,
    ) % {"count": count}


def _unread_words(count: int) -> str:
    return ngettext("%(count)d image is not read.", "%(count)d images are not read.", count) % {"count": count}


def _disagreement_words(count: int) -> str:
    return ngettext(
        "Doctors differ on %(count)d image, and nobody has adjudicated.",
        "Doctors differ on %(count)d images, and nobody has adjudicated.",
        count,
    ) % {"count": count}


def _request_words(count: int) -> str:
    return ngettext(
        "A reading that was asked for is open for %(count)d image.",
        "Readings that were asked for are open for %(count)d images.",
        count,
    ) % {"count": count}


def _pending_words(count: int) -> str:
    return ngettext("%(count)d image is still being analysed.", "%(count)d images are still being analysed.", count) % {
        "count": count
    }
