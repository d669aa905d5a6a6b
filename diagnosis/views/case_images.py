"""The images of a case: the fragment that pages poll, and taking in new ones."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest
from diagnosis.models import Case, SlideImage
from diagnosis.selectors.room import seconds_until_room
from diagnosis.services.uploads import Upload, UploadRefused, accept_images
from diagnosis.views.image_list import image_list
from diagnosis.waits import in_words

logger = logging.getLogger(__name__)

Outcome = tuple[str, Upload | UploadRefused]


@csrf_exempt  # Django's own check would read the body; `_receive` is checked once the size is known to be right
@does_not_prolong
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_images(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """GET: the list as a fragment, or 204 when it is as the page already shows it. POST: images, field `images`."""
    case = get_object_or_404(Case.objects.visible_to(request.user).select_related("patient"), pk=pk)
    audit.record_look(actor=request.user, action="case.viewed", subject=case, patient_id=case.patient_id)
    if request.method != "POST":
        return _fragment(request, case)
    seconds = seconds_until_room(person=request.user, assay=case.assay)
    if seconds is not None:
        return _put_off(request, case, seconds)
    if _announced_size(request) > settings.UPLOAD_MAX_REQUEST_BYTES:
        most = _("One upload holds at most %(limit)s MB. Please send fewer images at a time.")
        return _refuse(request, case, 413, most % {"limit": settings.UPLOAD_MAX_REQUEST_BYTES // 1024**2})
    try:
        return _receive(request, case)
    except TooManyFilesSent:
        most = _("Please send at most %(most)s images at a time. None was taken in.")
        return _refuse(request, case, 400, most % {"most": settings.UPLOAD_MAX_FILES})


def _announced_size(request: SignedInRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _fragment(request: SignedInRequest, case: Case) -> HttpResponse:
    context = image_list(case, person=request.user, page=request.GET.get("page", "1"))
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "diagnosis/_image_list.html", {"case": case, **context})


@csrf_protect
def _receive(request: SignedInRequest, case: Case) -> HttpResponse:
    files = request.FILES.getlist("images")
    if not files:
        return _refuse(request, case, 400, _("No image was chosen."))
    outcomes = accept_images(case=case, uploaded_by=request.user, files=files)
    refused = [outcome for _, outcome in outcomes if isinstance(outcome, UploadRefused)]
    status = HTTPStatus.BAD_REQUEST if len(refused) == len(outcomes) else HTTPStatus.ACCEPTED
    if _wants_json(request):
        return JsonResponse({"images": [_as_json(outcome) for outcome in outcomes]}, status=status)
    if not refused and not any(isinstance(outcome, Upload) and outcome.elsewhere for _, outcome in outcomes):
        messages.success(request, _received(outcomes))
        return redirect("diagnosis:case", pk=case.pk)
    context = {"case": case, "patient": case.patient, "outcomes": outcomes}
    return render(request, "diagnosis/upload_outcomes.html", context, status=status)


def _received(outcomes: Sequence[Outcome]) -> str:
    number = len(outcomes)
    return ngettext("%(number)s image was received.", "%(number)s images were received.", number) % {"number": number}


def _refuse(request: SignedInRequest, case: Case, status: int, message: str, **told: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"message": message, **told}, status=status)
    context = {"case": case, "patient": case.patient, "message": message}
    return render(request, "diagnosis/upload_outcomes.html", context, status=status)


def _put_off(request: SignedInRequest, case: Case, seconds: int) -> HttpResponse:
    """Nothing was read: the script goes on by itself after that time, a person without it sends the images again."""
    wait = in_words(seconds)
    later = _("Many of your images are waiting to be analysed, so no more are taken in now. Send these in %(wait)s.")
    response = _refuse(request, case, 503, later % {"wait": wait}, code="queue_full", wait=wait)
    response.headers["Retry-After"] = str(seconds)
    return response


def _wants_json(request: SignedInRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _as_json(outcome: Outcome) -> dict[str, object]:
    name, result = outcome
    if isinstance(result, UploadRefused):
        return {"name": name, "accepted": False, "code": result.code, "message": result.message}
    address = reverse("diagnosis:image", args=[result.analysis.image_id])
    duplicates = [_duplicate_as_json(image) for image in result.elsewhere]
    return {"name": name, "accepted": True, "is_new": result.is_new, "address": address, "duplicates": duplicates}


def _duplicate_as_json(image: SlideImage) -> dict[str, str]:
    return {"address": reverse("diagnosis:image", args=[image.pk]), "words": f"{image.case.patient}, {image.case}"}
