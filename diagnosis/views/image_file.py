"""Pictures for the browser: re-encoded pixels and overlays, never the original file."""

import logging
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.delivery import picture
from diagnosis.models import SlideImage
from diagnosis.selectors.images import with_analyses
from diagnosis.selectors.pictures import digests
from diagnosis.services import file_store

logger = logging.getLogger(__name__)


@require_safe
def image_file(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """A PNG that belongs to an image the person may see. A damaged file is refused, not shown."""
    images = SlideImage.objects.visible_to(request.user).select_related("case")
    image = get_object_or_404(with_analyses(images, person=request.user), pk=pk)
    sha256 = digests(image).get(kind)
    if not sha256:
        raise Http404
    _note(request, image, kind)
    try:
        return picture(sha256)
    except file_store.DamagedFile:
        logger.exception("A stored picture is damaged: %s", sha256)
        return HttpResponse("The stored picture is damaged and is not shown.\n", "text/plain", status=500)


def _note(request: SignedInRequest, image: SlideImage, kind: str) -> None:
    """Thumbnails are what a case's page shows: seeing them is seeing the case, once for all of them."""
    subject, action = (image.case, "case.viewed") if kind == "thumbnail" else (image, "image.viewed")
    audit.record_look(actor=request.user, action=action, subject=subject, patient_id=image.case.patient_id)
