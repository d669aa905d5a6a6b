"""Keeping a reading that is not recorded yet, as a page's script sends it."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest
from diagnosis.models import SlideImage
from diagnosis.reading_forms import DraftForm
from diagnosis.services.reading_drafts import SavedDraft, discard_draft, save_draft, version_of
from diagnosis.views.visible_images import visible_image


@does_not_prolong
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reading_draft(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """POST keeps the entries. GET gives a fresh token to a page whose person has signed in again elsewhere."""
    image = visible_image(request, pk)
    if request.method != "POST":
        audit.record_look(actor=request.user, action="image.viewed", subject=image, patient_id=image.case.patient_id)
        return JsonResponse({"token": get_token(request)})
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _refuse(_("Not saved: what you entered is too long."), HTTPStatus.BAD_REQUEST)
    if form.cleaned_data["reader"] != request.user.pk:
        return _refuse(_("Not saved: somebody else is signed in now."), HTTPStatus.CONFLICT)
    return _save(request, image, form)


@require_POST
def reading_draft_discard(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away, and go back to the image."""
    image = visible_image(request, pk)
    discard_draft(image=image, reader=request.user)
    messages.success(request, _("The draft is discarded."))
    return redirect("diagnosis:image", pk=image.pk)


def _save(request: SignedInRequest, image: SlideImage, form: DraftForm) -> HttpResponse:
    try:
        saved = save_draft(image=image, reader=request.user, entries=form.entries(), seen=form.cleaned_data["seen"])
    except ValidationError as error:
        return _refuse(error.messages[0], HTTPStatus.CONFLICT)
    return JsonResponse(
        {
            "seen": version_of(saved.draft),
            "words": _words(saved),
            "was_changed_elsewhere": saved.was_changed_elsewhere,
        }
    )


def _words(saved: SavedDraft) -> str:
    if saved.draft is None:
        return ""
    clock = date_format(timezone.localtime(saved.draft.updated_at), "TIME_FORMAT")
    return _("Draft saved %(time)s") % {"time": clock}


def _refuse(sentence: str, status: HTTPStatus) -> HttpResponse:
    return JsonResponse({"sentence": sentence}, status=status)
