"""An image's page: the result, or why there is none yet."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from clinic.selectors.emergency_access import know_emergencies
from clinic.services import audit
from clinic.session_limits import does_not_prolong
from clinic.views.requests import SignedInRequest
from diagnosis.models import SlideImage
from diagnosis.selectors.images import ImageStatus, place_of, status_of, with_analyses
from diagnosis.selectors.newer_results import newer_of_image, results_of_image
from diagnosis.selectors.strip import strip_of
from diagnosis.services.duplicates import show_duplicates
from diagnosis.services.openings import open_image
from diagnosis.views.results import result_of
from mlcore.images import LONGEST_SHOWN

ENLARGED_TO = 672  # pixels on the page: three times a 224-pixel field


@never_cache
@require_safe
def image(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The suggestion first, then the picture with what can be laid over it, then what led to it."""
    return image_page(request, pk)


def image_page(request: SignedInRequest, pk: UUID, *, http_status: int = 200, **more: object) -> HttpResponse:
    """The page, with `more` in its context: a reading that was refused, for one."""
    image = _visible_image(request, pk)
    open_image(image=image, reader=request.user)
    strip = strip_of(case=image.case, person=request.user)
    context = {**_parts(request, image), "strip": strip, **more}
    return render(request, "diagnosis/image.html", context, status=http_status)


@never_cache
@require_safe
def image_parts(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What an image's page says of this image, for a page that already stands. Pages fetch it ahead: it is a look at
    the image and on record, but the image has not been opened before `image_opened` is told."""
    image = _visible_image(request, pk)
    audit.record_look(actor=request.user, action="image.viewed", subject=image, patient_id=image.case.patient_id)
    return render(request, "diagnosis/_image_parts.html", _parts(request, image))


@never_cache
@require_POST
def image_opened(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The page tells that the image now stands before the person: from now on they may read it."""
    open_image(image=_visible_image(request, pk), reader=request.user)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _parts(request: SignedInRequest, image: SlideImage) -> dict[str, Any]:
    """The context of `diagnosis/_image_parts.html`."""
    status = status_of(image)
    results = results_of_image(status, person=request.user)
    enlargement = max(1, ENLARGED_TO // max(image.width, image.height))
    return {
        "image": image,
        "case": image.case,
        "patient": image.case.patient,
        "status": status,
        "seen": _seen(status),
        "results": results,
        "newer": newer_of_image(results, image),
        "analysis": status.analysis,
        "prediction": status.prediction,
        "result": result_of(status.prediction) if status.prediction else None,
        "duplicates": show_duplicates(images=[image], person=request.user)[image.pk],
        "place": place_of(image),
        "resolution": image.resolution,
        "enlargement": enlargement,
        "is_fitted": max(image.width, image.height) > ENLARGED_TO,
        "is_reduced": max(image.width, image.height) > LONGEST_SHOWN,
        "longest_shown": LONGEST_SHOWN,
        "shown_width": image.width * enlargement,
        "shown_height": image.height * enlargement,
    }


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
    if status.analysis is None:
        return ""
    place = status.in_queue
    wait = f"-{place.seconds}" if place and place.seconds else ""
    return f"{status.analysis.state}-{place.position if place else 0}{wait}"


def _visible_image(request: SignedInRequest, pk: UUID) -> SlideImage:
    know_emergencies(request.user)
    images = SlideImage.objects.visible_to(request.user).select_related("case__patient", "created_by")
    return get_object_or_404(with_analyses(images, person=request.user), pk=pk)
