"""Registering a model bundle in the browser."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis import bundle_uploads
from diagnosis.model_forms import BundleForm


@csrf_exempt  # Django's own check would read the body; `_receive` is checked once the size is known to be right
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def model_upload(request: SignedInRequest) -> HttpResponse:
    """Choose a bundle and send it; then on to the model's page."""
    if request.method != "POST":
        return _page(request, BundleForm())
    if bundle_uploads.is_too_large(request):
        return _refuse(request, bundle_uploads.too_large(), status=413)
    bundle_uploads.expect_bundle(request)
    return _receive(request)


@csrf_protect
def _receive(request: SignedInRequest) -> HttpResponse:
    form = BundleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        model, is_new = bundle_uploads.take_in(form.cleaned_data["bundle"], sent_by=request.user)
    except ValidationError as error:
        return _refuse(request, error.messages[0], status=400)
    words = _("The model is registered as a candidate.") if is_new else _("This very model is registered already.")
    messages.success(request, words)
    return redirect("diagnosis:model", pk=model.pk)


def _refuse(request: SignedInRequest, sentence: str, *, status: int) -> HttpResponse:
    return _page(request, BundleForm(), status=status, refusal=sentence)


def _page(request: SignedInRequest, form: BundleForm, *, status: int = 200, refusal: str = "") -> HttpResponse:
    return render(request, "diagnosis/model_upload.html", {"form": form, "refusal": refusal}, status=status)
