"""Recording a reading: by a plain form, or by a script that keeps the page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.models import Reading, SlideImage
from diagnosis.reading_forms import ReadingForm
from diagnosis.selectors.reading_desk import Desk, desk_of
from diagnosis.selectors.reading_progress import progress_of
from diagnosis.services.readings import record_reading
from diagnosis.views.image import image_page
from diagnosis.views.visible_images import visible_image


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reading(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """GET: the panel alone. POST: record what was entered; whatever is wrong with it, nothing of it is lost."""
    image = visible_image(request, pk)
    audit.record_look(actor=request.user, action="image.viewed", subject=image, patient_id=image.case.patient_id)
    desk = desk_of(image, person=request.user)
    if request.method != "POST":
        return _panel(request, desk, {})
    form = ReadingForm(request.POST, choices=desk.choices, suggested=desk.suggested, person=request.user)
    recorded = _record(image, request, form) if form.is_valid() else None
    if recorded is None:
        return _again(request, image, form)
    return _onwards(request, image)


def _record(image: SlideImage, request: SignedInRequest, form: ReadingForm) -> Reading | None:
    try:
        return record_reading(
            image=image,
            reader=request.user,
            entries=form.entries(),
            based_on=form.cleaned_data["based_on"],
            shown=form.cleaned_data["shown"],
        )
    except ValidationError as error:
        form.refuse(error)
        return None


def _again(request: SignedInRequest, image: SlideImage, form: ReadingForm) -> HttpResponse:
    """The form with what is wrong, above what is stored by now."""
    form.move_errors_of_hidden_fields()
    desk = desk_of(image, person=request.user)
    if _is_script(request):
        return _panel(request, desk, {"reading_form": form}, status=400)
    return image_page(request, image.pk, http_status=400, reading_form=form, reading_desk=desk)


def _panel(request: SignedInRequest, desk: Desk, more: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {"image": desk.image, "reading_desk": desk, **more}
    return render(request, "diagnosis/_reading_panel.html", context, status=status)


def _onwards(request: SignedInRequest, image: SlideImage) -> HttpResponse:
    """Back to the image, which may show more now, or on to the next one that needs a reading."""
    following, words = image.pk, _("Your reading is recorded.")
    if request.POST.get("then") == "next":
        after = progress_of(image.case, person=request.user).next_to_read(after=image.pk)
        if after is None:
            messages.success(request, _("Recorded. No other image of this case waits for your reading."))
            return _go(request, reverse("diagnosis:case", args=[image.case_id]), is_image=False)
        following = after
    if not _is_script(request):
        messages.success(request, words)
    return _go(request, reverse("diagnosis:image", args=[following]), is_image=True, words=words)


def _go(request: SignedInRequest, address: str, *, is_image: bool, words: str = "") -> HttpResponse:
    if _is_script(request):
        return JsonResponse({"address": address, "is_image": is_image, "words": words})
    return redirect(address)


def _is_script(request: SignedInRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
