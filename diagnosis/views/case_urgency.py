"""Saying how urgent a case is."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.views.requests import SignedInRequest
from diagnosis.forms import UrgencyForm
from diagnosis.models import Case
from diagnosis.services.cases import set_urgency


@require_POST
def case_urgency(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Change it, and go back to the case."""
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=pk)
    form = UrgencyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose how urgent the case is."))
        return redirect("diagnosis:case", pk=case.pk)
    try:
        changed = set_urgency(case=case, urgency=form.cleaned_data["urgency"], set_by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Urgency: %(urgency)s.") % {"urgency": changed.get_urgency_display()})
    return redirect("diagnosis:case", pk=case.pk)
