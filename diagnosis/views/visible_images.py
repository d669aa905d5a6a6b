"""Finding the image that an address is about."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from clinic.views.requests import SignedInRequest
from diagnosis.models import SlideImage


def visible_image(request: SignedInRequest, pk: UUID) -> SlideImage:
    """The image with its case and patient, if the person may see it; a 404 otherwise."""
    return get_object_or_404(SlideImage.objects.visible_to(request.user).select_related("case__patient"), pk=pk)
