"""The worklist: which cases need a doctor, in which order. What each tab holds is said here and nowhere else.

Order: requests to the doctor above all; then by urgency, by doubt (see `Doubt`), by the specimen's date, oldest first.
Among requests, and in assays that are first read blinded, doubt plays no part, so that no order tells what is withheld.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models import CaseInvolvement, CaseStanding, Reading, SlideImage, Stage
from diagnosis.models.case_standing import CaseStandingQuerySet
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.asked import Asked, asked_of
from diagnosis.selectors.keyset import KeysetPage, Section, page_after, page_before, place_from
from diagnosis.selectors.worklist_filters import Filters

PAGE_SIZE = 30
COUNTED_TO = 1000  # beyond it, how many more makes no difference


class Tab(TextChoices):
    TO_READ = "to-read", _("To read")
    TO_SIGN = "to-sign", _("To sign")
    FAILED = "failed", _("Failed")
    CHANGED = "changed", _("Result changed")
    MINE = "mine", _("Mine")
    DONE = "done", _("Done")


@dataclass(frozen=True)
class WorklistRow:
    """A case on the list; `read_by_me` counts its images in use with a reading of the person, `changed` those whose
    result changed since, where nothing of the case is withheld from them."""

    standing: CaseStanding
    asked: Sequence[Asked]
    read_by_me: int
    changed: int = 0


@dataclass(frozen=True)
class Worklist:
    """A page of one tab, with how many cases every tab has (`COUNTED_TO`: that many or more)."""

    tab: Tab
    rows: Sequence[WorklistRow]
    page: KeysetPage[CaseStanding]
    counts: Mapping[Tab, int]


def worklist(*, person: User, tab: Tab, filters: Filters, after: str = "", before: str = "") -> Worklist:
    """One page. A place that is none of this list's gives the first page."""
    visible, filters = CaseStanding.objects.visible_to(person), filters.looked_up()
    asked = asked_of(person, among=visible)
    seen = filters.narrow(visible, person=person)
    counts = (_counts_of_few if filters.is_of_few else _counts)(person, seen, asked)
    sections = _sections(person, tab, seen.select_related("case__patient"), asked)
    earlier = place_from(before, sections)
    page = (
        page_before(sections, earlier, size=PAGE_SIZE)
        if earlier
        else page_after(sections, place_from(after, sections), size=PAGE_SIZE)
    )
    read, changed = _read_by(person, page.rows), _changed(person, page.rows)
    rows = [
        WorklistRow(one, asked.get(one.case_id, ()), read.get(one.case_id, 0), changed.get(one.case_id, 0))
        for one in page.rows
    ]
    return Worklist(tab=tab, rows=rows, page=page, counts=counts)


def _own(tab: Tab, person: User) -> Q:
    """What a tab holds, whatever is asked of the person."""
    match tab:
        case Tab.TO_READ:
            return Q(unread__gt=0)
        case Tab.TO_SIGN:
            return Q(stage=Stage.TO_SIGN)
        case Tab.FAILED:
            return Q(failed__gt=0) & ~Q(stage=Stage.DONE)
        case Tab.CHANGED:
            return Q(results_changed__gt=0) & ~Q(Exists(_withheld_images(person)))
        case Tab.MINE:
            involved = CaseInvolvement.objects.filter(doctor=person, case=OuterRef("case"))
            return ~Q(stage=Stage.DONE) & Q(Exists(involved))
        case Tab.DONE:
            return Q(stage=Stage.DONE)


def _withheld_images(person: User) -> QuerySet[SlideImage]:
    """Images of a case of which something is withheld: not even that a result changed is told of that case."""
    return SlideImage.objects.in_use().filter(withheld_from(person), case=OuterRef("case"))


def cases_of(*, person: User, tab: Tab, filters: Filters) -> CaseStandingQuerySet:
    """All cases of one tab, on whichever page of it."""
    visible = CaseStanding.objects.visible_to(person)
    asked = asked_of(person, among=visible)
    seen = filters.narrow(visible, person=person)
    return seen.filter(_own(tab, person) | Q(case__in=_asked_too(tab, asked)))


def _asked_too(tab: Tab, asked: Mapping[UUID, Sequence[Asked]]) -> Collection[UUID]:
    """The cases a tab holds because something in them is asked of the person."""
    if tab is Tab.TO_READ:
        return asked.keys()
    if tab is Tab.MINE:
        return [case for case, requests in asked.items() if any(one.is_by_name for one in requests)]
    return ()


def _sections(
    person: User, tab: Tab, rows: CaseStandingQuerySet, asked: Mapping[UUID, Sequence[Asked]]
) -> Sequence[Section[CaseStanding]]:
    own = _own(tab, person)
    if tab is Tab.DONE:
        return [Section("rest", rows.filter(own), ("signed_at", "case_id"), is_descending=True)]
    rest = Section("rest", rows.filter(own), ("urgency_rank", "shown_doubt", "specimen_date", "case_id"))
    if not asked:
        return [rest]
    above = rows.filter(own | Q(case__in=_asked_too(tab, asked)), case__in=asked)
    return [
        Section("asked", above, ("urgency_rank", "specimen_date", "case_id")),
        Section("rest", rest.rows.exclude(case__in=asked), rest.fields),
    ]


def _counts(person: User, rows: CaseStandingQuerySet, asked: Mapping[UUID, Sequence[Asked]]) -> Mapping[Tab, int]:
    """Each tab by itself, so that counting can stop early and uses the tab's index."""
    return {tab: min(COUNTED_TO, _count(tab, _own(tab, person), rows, asked)) for tab in Tab}


def _count(tab: Tab, own: Q, rows: CaseStandingQuerySet, asked: Mapping[UUID, Sequence[Asked]]) -> int:
    count = rows.filter(own).order_by()[:COUNTED_TO].count()
    too = _asked_too(tab, asked)
    return count + rows.filter(~own, case__in=too).order_by()[:COUNTED_TO].count() if too else count


def _counts_of_few(
    person: User, rows: CaseStandingQuerySet, asked: Mapping[UUID, Sequence[Asked]]
) -> Mapping[Tab, int]:
    """All tabs at once: every row is looked at, of which there are few."""
    held = {tab.name: _own(tab, person) | Q(case__in=_asked_too(tab, asked)) for tab in Tab}
    found = rows.order_by().aggregate(**{name: Count("pk", filter=own) for name, own in held.items()})
    return {tab: min(COUNTED_TO, found[tab.name]) for tab in Tab}


def _changed(person: User, page: Sequence[CaseStanding]) -> Mapping[UUID, int]:
    """A query only where a result changed at all, which is rare."""
    cases = {one.case_id: one.results_changed for one in page if one.results_changed}
    if not cases:
        return cases
    images = SlideImage.objects.in_use().filter(withheld_from(person), case__in=cases)
    hidden = set(images.order_by().values_list("case", flat=True))
    return {case: number for case, number in cases.items() if case not in hidden}


def _read_by(person: User, page: Sequence[CaseStanding]) -> Mapping[UUID, int]:
    rows = (
        Reading.objects.current()
        .filter(reader=person, image__case__in=[one.case_id for one in page], image__withdrawn_at=None)
        .order_by()
        .values_list("image__case")
        .annotate(Count("image", distinct=True))
    )
    return dict(rows)
