"""The words a doctor has written for a report so far."""

from django.db import transaction

from clinic.models import User
from clinic.services import audit, records
from diagnosis.models import Case, ReportDraft


@transaction.atomic
def keep_report_draft(*, case: Case, author: User, findings: str, amendment_reason: str = "") -> ReportDraft:
    """Keep the words in the place of those kept before. PermissionDenied unless the author is on the care team,
    RecordRestricted while the record is frozen."""
    patient = records.lock_for_team(patient_ids=[case.patient_id], user=author)[case.patient_id]
    if patient.restricted_at:
        raise records.RecordRestricted
    draft, _ = ReportDraft.objects.update_or_create(
        case=case, author=author, defaults={"findings": findings, "amendment_reason": amendment_reason}
    )
    audit.record_look(actor=author, action="report.draft_kept", subject=case, patient_id=case.patient_id)
    return draft


def draft_of(*, case: Case, author: User) -> ReportDraft | None:
    """What the person has written so far."""
    return ReportDraft.objects.filter(case=case, author=author).first()
