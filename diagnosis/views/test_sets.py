"""The site's locked test sets, and locking a new one from a zip."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.model_forms import TestSetForm
from diagnosis.selectors.test_sets import locked_test_sets
from diagnosis.services import test_sources
from diagnosis.services.test_sets import lock_test_set
from diagnosis.services.test_sources import InvalidTestSet
from diagnosis.upload_handler import ZipUploadHandler

MEGABYTE = 1024 * 1024


@csrf_exempt  # Django's own check would read the body; `_receive` is checked once the size is known to be right
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def test_sets(request: SignedInRequest) -> HttpResponse:
    """What is locked, by assay; a zip sent here becomes the current test set of its assay."""
    if request.method != "POST":
        return _page(request, TestSetForm())
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > settings.UPLOAD_MAX_REQUEST_BYTES:
        return _page(request, TestSetForm(), status=413, refusal=zip_too_large())
    request.upload_handlers = [ZipUploadHandler(request)]
    return _receive(request)


@csrf_protect
def _receive(request: SignedInRequest) -> HttpResponse:
    form = TestSetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=400)
    sent = form.cleaned_data["images"]
    if sent.size > settings.UPLOAD_MAX_REQUEST_BYTES:
        return _page(request, form, status=400, refusal=zip_too_large())
    wanted = {name: form.cleaned_data[name] for name in ("assay", "name")}
    try:
        with test_sources.zipped(sent) as source:
            test_set, is_new = lock_test_set(**wanted, source=source, locked_by=request.user)
    except InvalidTestSet as error:
        return _page(request, form, status=400, refusal=str(error))
    words = _("%(name)s is locked: models of this assay are measured on it from now on.")
    known = _("These very images are locked already, as %(name)s.")
    messages.success(request, (words if is_new else known) % {"name": test_set})
    return redirect("diagnosis:test_sets")


def zip_too_large() -> str:
    """The sentence for a zip that is too large."""
    return _("A zip has at most %(limit)s MB.") % {"limit": settings.UPLOAD_MAX_REQUEST_BYTES // MEGABYTE}


def _page(request: SignedInRequest, form: TestSetForm, *, status: int = 200, refusal: str = "") -> HttpResponse:
    context = {"form": form, "refusal": refusal, "groups": locked_test_sets()}
    return render(request, "diagnosis/test_sets.html", context, status=status)
