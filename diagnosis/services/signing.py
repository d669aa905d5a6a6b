"""Signing a case: what the doctor saw is frozen, or nothing is.

The content is built again under the record's lock. Were it another than the one the doctor saw, or were there another
version meanwhile, nothing is signed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit, records
from diagnosis.canonical import digest_of
from diagnosis.models import Case, Confirmation, Report, ReportDraft
from diagnosis.selectors.report_changes import changes_since
from diagnosis.selectors.report_content import Content, basis_of, signed
from diagnosis.selectors.report_obstacles import Obstacle, obstacles_of
from diagnosis.selectors.report_rows import ReportRows, rows_of
from diagnosis.services.report_drawings import ask_for_drawings


class NotReady(Exception):
    """Something stands in the way of signing."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(" ".join(one.words for one in obstacles))
        self.obstacles = obstacles


class ChangedMeanwhile(Exception):
    """The case is not as the doctor saw it. `changes` says what is different, a sentence each."""

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__(" ".join(changes))
        self.changes = changes


@dataclass(frozen=True)
class Seen:
    """What the doctor had before them: the digest of the report's basis, and marks of what it showed."""

    digest: str
    marks: Collection[str] = ()


@dataclass(frozen=True)
class Words:
    """What the signer adds."""

    findings: str = ""
    amendment_reason: str = ""
    with_outlines: bool = False


@transaction.atomic
def sign_report(*, case: Case, signer: User, seen: Seen, words: Words, confirmed_by: Confirmation) -> Report:
    """Sign the case's report, or the next version of it; the signer's draft of it goes.

    The caller has made sure that it is the signer who acts, and says by what in `confirmed_by`. The same form sent
    twice signs once: the report that is there is returned. Raises PermissionDenied for anybody who is not on the care
    team, ChangedMeanwhile, NotReady, RecordRestricted, and ValidationError for words that are unfit.
    """
    patient = records.lock_for_team(patient_ids=[case.patient_id], user=signer)[case.patient_id]
    if patient.restricted_at:
        raise records.RecordRestricted
    current = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=case.pk)
    rows = rows_of(current, person=signer)
    again = _signed_by_this_form(rows, signer, seen)
    if again:
        return again
    basis = _as_seen(rows, signer, seen)
    return _record(rows, _content(rows, basis, signer, words, confirmed_by), signer)


def _signed_by_this_form(rows: ReportRows, signer: User, seen: Seen) -> Report | None:
    """A double click, or the page sent again by the back button."""
    earlier = rows.earlier
    is_same = earlier and earlier.signed_by_id == signer.pk and earlier.content.get("seen_digest") == seen.digest
    return earlier if is_same else None


def _as_seen(rows: ReportRows, signer: User, seen: Seen) -> Content:
    basis = basis_of(rows)
    obstacles = obstacles_of(rows, person=signer)
    if digest_of(basis) != seen.digest:
        raise ChangedMeanwhile([*changes_since(seen.marks, basis), *(one.words for one in obstacles)])
    if obstacles:
        raise NotReady(obstacles)
    return basis


def _content(rows: ReportRows, basis: Content, signer: User, words: Words, confirmed_by: Confirmation) -> Content:
    reason = words.amendment_reason.strip()
    if rows.earlier and not reason:
        raise ValidationError({"amendment_reason": _("Say why the signed report is amended.")})
    added = signed(
        basis,
        signer=signer,
        signed_at=_time_of_the_database(rows.case).isoformat(),
        confirmed_by=confirmed_by.value,
        findings=words.findings.strip(),
        amendment_reason=reason if rows.earlier else "",
        with_outlines=words.with_outlines,
        language=translation.get_language() or "en",
        time_zone=timezone.get_current_timezone_name(),
    )
    return added | {"seen_digest": digest_of(basis)}


def _time_of_the_database(case: Case) -> datetime:
    moment: datetime = Case.objects.values_list(Now()).get(pk=case.pk)[0]
    return moment


def _record(rows: ReportRows, content: Content, signer: User) -> Report:
    counts: dict[str, Any] = content["counts"]
    report = Report(
        case=rows.case,
        version=content["version"],
        content=content,
        content_digest=digest_of(content),
        image_count=counts["images"],
        withdrawn_count=counts["withdrawn"],
        reading_count=counts["readings"],
        amendment_reason=content["amendment_reason"],
        signed_by=signer,
        confirmed_by=content["confirmed_by"],
        created_at=datetime.fromisoformat(content["signed_at"]),
    )
    report.full_clean()
    report.save(force_insert=True)
    ReportDraft.objects.filter(case=rows.case, author=signer).delete()
    audit.record(
        actor=signer,
        action="report.amended" if rows.earlier else "report.signed",
        subject=report,
        patient_id=rows.case.patient_id,
        version=report.version,
        digest=report.content_digest,
        confirmed_by=report.confirmed_by,
    )
    ask_for_drawings(report=report)
    return report
