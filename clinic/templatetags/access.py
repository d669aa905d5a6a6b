"""Who is on a patient's team, and what an emergency access says on the pages."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.selectors.care_teams import team_of
from clinic.selectors.emergency_access import current_access, open_notices
from mlcore.assays import ASSAYS

register = template.Library()


@register.inclusion_tag("clinic/_emergency_banner.html", takes_context=True)
def emergency_banner(context: dict[str, Any]) -> dict[str, Any]:
    """On every page of a patient: that it is open for an emergency only, and until when."""
    access = current_access(user=context["user"], patient=context["patient"])
    return {"access": access, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("clinic/_emergency_notices.html", takes_context=True)
def emergency_notices(context: dict[str, Any]) -> dict[str, Any]:
    """On every page of a doctor: the emergency accesses to their patients that they have not taken note of."""
    person = context.get("user")
    notices = open_notices(person) if isinstance(person, User) and person.is_doctor else []
    return {"notices": notices, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("clinic/_care_team.html", takes_context=True)
def care_team_panel(context: dict[str, Any]) -> dict[str, Any]:
    """On the patient's page: who looks after the patient."""
    return {"patient": context["patient"], "team": team_of(context["patient"]), "user": context["user"]}


@register.filter
def assay_names(slugs: Sequence[str]) -> str:
    """Assays in words; one that the site no longer has, by its slug."""
    return get_text_list([_(ASSAYS[slug].name) if slug in ASSAYS else slug for slug in slugs], _("and"))
