"""Until when a record must be kept."""

from datetime import date, datetime

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.models import HoldKind, Patient
from diagnosis.models import Case
from diagnosis.selectors.record_rows import branches


def must_be_kept(patient: Patient) -> str:
    """Why the record cannot be erased today, in a sentence; empty when it can."""
    if patient.holds.filter(kind=HoldKind.LEGAL_HOLD, lifted_at__isnull=True).exists():
        return _("This record is under a legal hold and must be kept until the hold is lifted.")
    until = kept_until(patient)
    if until and timezone.localdate() < until:
        return _("This record must be kept until %(until)s.") % {"until": date_format(until, "DATE_FORMAT")}
    return ""


def kept_until(patient: Patient) -> date | None:
    """The first day on which it may be erased. None: it holds no case, so there is nothing that must be kept."""
    if not Case.objects.filter(patient=patient).exists():
        return None
    last = timezone.localdate(_last_activity(patient))
    year = last.year + settings.RECORD_RETENTION_YEARS
    try:
        return last.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def _last_activity(patient: Patient) -> datetime:
    """When anything was last added to the record: a case, an image, a prediction, a reading."""
    times = [patient.created_at]
    for branch in branches():
        if branch.model._meta.app_label == Case._meta.app_label and hasattr(branch.model, "created_at"):  # noqa: SLF001
            newest = branch.rows([patient.pk]).aggregate(newest=Max("created_at"))["newest"]
            times += [newest] if newest else []
    return max(times)
