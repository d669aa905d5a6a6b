"""What is to be read anew, in words."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from diagnosis.models import ModelVersion, Reanalysis, ReanalysisScope, Urgency, Verdict
from diagnosis.selectors.worklist import Tab


def scope_words(reanalysis: Reanalysis) -> Sequence[str]:
    """The scope, and what narrows it down."""
    if reanalysis.scope == ReanalysisScope.CASE:
        return [_("One case")]
    filters = reanalysis.filters
    days = [_day(name, filters[name]) for name in ("since", "until") if name in filters]
    if reanalysis.scope == ReanalysisScope.MODEL:
        return [_("Images read by %(model)s") % {"model": _model(filters["read_by"])}, *days]
    found = [_("Worklist, %(tab)s") % {"tab": Tab(filters["tab"]).label}]
    found += [str(Urgency(filters["urgency"]).label)] if "urgency" in filters else []
    found += [str(Verdict(filters["verdict"]).label)] if "verdict" in filters else []
    found += [_("read by %(model)s") % {"model": _model(filters["model"])}] if "model" in filters else []
    return [*found, *days]


def _day(name: str, text: str) -> str:
    day = date_format(date.fromisoformat(text), "DATE_FORMAT")
    return _("from %(day)s") % {"day": day} if name == "since" else _("until %(day)s") % {"day": day}


def _model(pk: str) -> str:
    return str(ModelVersion.objects.defer("manifest").filter(pk=UUID(pk)).first() or "")
