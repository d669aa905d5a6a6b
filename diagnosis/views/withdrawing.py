"""Taking an image out of its case, and putting it back."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.services import audit
from clinic.views.requests import SignedInRequest
from diagnosis.forms import WithdrawalForm
from diagnosis.models import SlideImage, WithdrawalReason
from diagnosis.services.withdrawing import restore_image, withdraw_image


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def image_withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Which image it is, what withdrawing does, and why it is done; then on to the case."""
    image = _visible(request, pk)
    audit.record_look(actor=request.user, action="image.viewed", subject=image, patient_id=image.case.patient_id)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            withdraw_image(image=image, withdrawn_by=request.user, reason=WithdrawalReason(form.cleaned_data["reason"]))
        except ValidationError as error:  # a second click, or a colleague's
            messages.info(request, " ".join(error.messages))
        else:
            messages.success(request, _("The image is withdrawn. It stays below, where it can be put back."))
        return redirect("diagnosis:case", pk=image.case_id)
    context = {"image": image, "case": image.case, "patient": image.case.patient, "form": form}
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
    return render(request, "diagnosis/image_withdraw.html", context, status=status)


@require_POST
def image_restore(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Undo it, and go back to the case."""
    image = _visible(request, pk)
    try:
        restore_image(image=image, restored_by=request.user)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("The image is back in the case."))
    return redirect("diagnosis:case", pk=image.case_id)


def _visible(request: SignedInRequest, pk: UUID) -> SlideImage:
    return get_object_or_404(SlideImage.objects.visible_to(request.user).select_related("case__patient"), pk=pk)
