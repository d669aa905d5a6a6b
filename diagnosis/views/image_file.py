"""Pictures for the browser: re-encoded pixels and overlays, never the original file."""

import logging
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from clinic.views.requests import SignedInRequest
from diagnosis.models import Prediction, SlideImage
from diagnosis.services import file_store

logger = logging.getLogger(__name__)

OF_THE_IMAGE = {"display": "display_sha256", "thumbnail": "thumbnail_sha256"}
OF_THE_PREDICTION = {"mask": "mask_sha256", "outline": "outline_sha256", "map": "map_sha256"}


@require_safe
def image_file(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """A PNG that belongs to an image the person may see. A damaged file is refused, not shown."""
    sha256 = _digest(get_object_or_404(SlideImage.objects.visible_to(request.user), pk=pk), kind)
    if not sha256:
        raise Http404
    try:
        content = file_store.get(sha256)
    except file_store.DamagedFile:
        logger.exception("A stored picture is damaged: %s", sha256)
        return HttpResponse("The stored picture is damaged and is not shown.\n", "text/plain", status=500)
    return HttpResponse(
        content, "image/png", headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    )


def _digest(image: SlideImage, kind: str) -> str:
    if kind in OF_THE_IMAGE:
        return str(getattr(image, OF_THE_IMAGE[kind]))
    if kind not in OF_THE_PREDICTION:
        raise Http404
    newest = Prediction.objects.filter(analysis__image=image).order_by("-analysis__created_at", "-analysis__id")
    return newest.values_list(OF_THE_PREDICTION[kind], flat=True).first() or ""
