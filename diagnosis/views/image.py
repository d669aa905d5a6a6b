"""An image's page: the result, or why there is none yet."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest
from diagnosis.models import SlideImage
from diagnosis.selectors.images import ImageStatus, place_of, status_of, with_analyses
from diagnosis.services.duplicates import show_duplicates
from diagnosis.services.openings import open_image
from diagnosis.views.results import result_of

ENLARGED_TO = 672  # pixels on the page: three times a 224-pixel field


@never_cache
@require_safe
def image(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The suggestion first, then the picture with what can be laid over it, then what led to it."""
    image = _visible_image(request, pk)
    open_image(image=image, reader=request.user)
    status = status_of(image)
    enlargement = max(1, ENLARGED_TO // max(image.width, image.height))
    context = {
        "image": image,
        "case": image.case,
        "patient": image.case.patient,
        "status": status,
        "seen": _seen(status),
        "analysis": status.analysis,
        "prediction": status.prediction,
        "result": result_of(status.prediction) if status.prediction else None,
        "duplicates": show_duplicates(image=image, person=request.user),
        "place": place_of(image),
        "enlargement": enlargement,
        "is_fitted": max(image.width, image.height) > ENLARGED_TO,
        "shown_width": image.width * enlargement,
        "shown_height": image.height * enlargement,
    }
    return render(request, "diagnosis/image.html", context)


@does_not_prolong
@never_cache
@require_safe
def image_state(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment that a waiting image's page polls; it holds no result, and asks for the page when there is one."""
    image = _visible_image(request, pk)
    audit.record_look(actor=request.user, action="image.viewed", subject=image, patient_id=image.case.patient_id)
    status = status_of(image)
    if status.analysis is None or not status.analysis.is_pending:
        return HttpResponseClientRefresh()
    seen = _seen(status)
    if request.GET.get("seen") == seen:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "diagnosis/_image_state.html", {"image": status.image, "status": status, "seen": seen})


def _seen(status: ImageStatus) -> str:
    """What the fragment shows, so that it is sent again only when it would differ."""
    return f"{status.analysis.state}-{status.queue_position or 0}" if status.analysis else ""


def _visible_image(request: SignedInRequest, pk: UUID) -> SlideImage:
    images = SlideImage.objects.visible_to(request.user).select_related("case__patient", "created_by")
    return get_object_or_404(with_analyses(images, person=request.user), pk=pk)
