"""Trying a failed analysis again."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.services.records import RecordRestricted
from clinic.views.requests import SignedInRequest
from diagnosis.models import Analysis
from diagnosis.services import analysis_queue


@require_POST
def analysis_retry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Queue the analysis again, and go back to the image or, where the form says so, to the case."""
    analysis = get_object_or_404(Analysis.objects.visible_to(request.user).select_related("image"), pk=pk)
    try:
        analysis_queue.retry(analysis=analysis, retried_by=request.user)
    except RecordRestricted as error:
        messages.info(request, error.messages[0])
    except ValidationError:
        # A second click, or a colleague's: the page that follows shows how things stand.
        messages.info(request, _("This image is not set aside any more; nothing was changed."))
    if request.POST.get("back") == "case":
        return redirect("diagnosis:case", pk=analysis.image.case_id)
    return redirect("diagnosis:image", pk=analysis.image_id)
