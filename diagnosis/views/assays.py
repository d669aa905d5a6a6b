"""How each assay is read at this site, for administrators."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.models import AssayPolicy
from diagnosis.services.assay_policies import set_blinded_first_read
from mlcore.assays import ASSAYS


@never_cache
@require_safe
@administrators_only
def assays(request: SignedInRequest) -> HttpResponse:
    """One row an assay: whether it is read blinded, what that means, and who decided so."""
    policies = {policy.assay: policy for policy in AssayPolicy.objects.select_related("changed_by")}
    rows = [(assay, policies.get(slug)) for slug, assay in ASSAYS.items()]
    return render(request, "diagnosis/assays.html", {"rows": rows})


@require_POST
@administrators_only
def assay_policy(request: SignedInRequest, slug: str) -> HttpResponse:
    """Switch blinded first reading on or off."""
    if slug not in ASSAYS:
        raise Http404
    is_blinded = request.POST.get("blinded_first_read") == "on"
    set_blinded_first_read(assay=slug, is_blinded=is_blinded, changed_by=request.user)
    name = _(ASSAYS[slug].name)
    words = (
        _("%(assay)s is first read blinded from now on.")
        if is_blinded
        else _("%(assay)s is read with the suggestion in view from now on.")
    )
    messages.success(request, words % {"assay": name})
    return redirect("diagnosis:assays")
