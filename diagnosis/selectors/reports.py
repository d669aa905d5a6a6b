"""Reading reports: checked before they are shown, and how a case stands between unread and signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from clinic.models import User
from diagnosis.canonical import digest_of
from diagnosis.models import Case, Reading, Report, SlideImage
from diagnosis.selectors.newer_results import changed_since, newer_than_read
from diagnosis.selectors.report_content import Content
from diagnosis.selectors.report_obstacles import Obstacle, obstacles_of
from diagnosis.selectors.report_rows import rows_of


class DamagedReport(Exception):
    """The stored content is not what was signed."""


def content_of(report: Report) -> Content:
    """What was signed. Raises DamagedReport when the row is not as it was: content, digest, case, version, signer."""
    content = report.content
    try:
        said = (content["case"]["id"], content["version"], content["signer"]["id"], content["confirmed_by"])
        is_whole = digest_of(content) == report.content_digest
    except (KeyError, TypeError, ValueError):
        raise DamagedReport from None
    if not is_whole or said != (str(report.case_id), report.version, str(report.signed_by_id), report.confirmed_by):
        raise DamagedReport
    return content


def versions_of(case: Case, *, person: User) -> Sequence[Report]:
    """The case's reports that the person may see, the newest first, without their contents."""
    reports = Report.objects.visible_to(person).filter(case=case)
    return list(reports.defer("content").select_related("signed_by").order_by("-version"))


def newest_version(report: Report) -> Report | None:
    """The report that holds in the place of this one; None when this is the newest."""
    later = Report.objects.filter(case=report.case_id, version__gt=report.version)
    return later.defer("content").select_related("signed_by").order_by("-version").first()


def amendment_due() -> Exists:
    """For a query of cases: images or readings came, or images were withdrawn or put back, since the newest report was
    signed. One that was withdrawn and put back since is as it was."""
    later = Report.objects.filter(case=OuterRef("case"), version__gt=OuterRef("version"))
    reports = Report.objects.filter(~Exists(later), case=OuterRef("pk"))
    images = SlideImage.objects.filter(case=OuterRef("case"))
    as_signed = Q(
        image_count=_count(images),
        withdrawn_count=_count(images.filter(withdrawn_at__isnull=False)),
        reading_count=_count(Reading.objects.filter(image__case=OuterRef("case")), "image__case"),
    )
    put_back = Exists(images.in_use().filter(in_use_since__gt=OuterRef("created_at")))
    return Exists(reports.filter(~as_signed | put_back))


def _count(rows: QuerySet[Model], by: str = "case") -> Coalesce:
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


@dataclass(frozen=True)
class ReportState:
    """How a case's report stands for one person: signed as `latest`, or what keeps it from being signed.

    `results_changed`: how many images say otherwise since they were read and signed."""

    latest: Report | None
    is_changed: bool
    obstacles: Sequence[Obstacle]
    results_changed: int = 0

    @property
    def is_ready(self) -> bool:
        return not self.latest and not self.obstacles


def state_of_report(case: Case, *, person: User) -> ReportState:
    """The state for a case's page (with its patient at hand)."""
    rows = rows_of(case, person=person)
    is_changed = bool(rows.earlier) and Case.objects.filter(amendment_due(), pk=case.pk).exists()
    signed_at = rows.earlier.created_at if rows.earlier else None
    return ReportState(
        latest=rows.earlier,
        is_changed=is_changed,
        obstacles=obstacles_of(rows, person=person),
        results_changed=len(changed_since(newer_than_read(rows), signed_at)),
    )
