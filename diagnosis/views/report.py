"""A case's report: what will be signed, signing it, and what was signed."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from clinic.views.requests import SignedInRequest
from diagnosis.models import Case, Report
from diagnosis.views.report_signed import show_signed
from diagnosis.views.report_signing import show_signing, sign


def visible_case(request: SignedInRequest, pk: UUID) -> Case:
    """The case of a page, or 404."""
    return get_object_or_404(Case.objects.visible_to(request.user).select_related("patient"), pk=pk)


@sensitive_post_parameters("password", "credential")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What will be signed; once it is signed, the newest version of it. POST signs."""
    case = visible_case(request, pk)
    if request.method == "POST":
        return sign(request, case)
    newest = Report.objects.visible_to(request.user).filter(case=case).order_by("-version").first()
    return show_signed(request, newest) if newest else show_signing(request, case)


@sensitive_post_parameters("password", "credential")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_amend(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The next version of a signed report."""
    case = visible_case(request, pk)
    if request.method == "POST":
        return sign(request, case)
    if not Report.objects.visible_to(request.user).filter(case=case).exists():
        return redirect("diagnosis:report", pk=case.pk)
    return show_signing(request, case)


@never_cache
@require_safe
def report_version(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """One signed version, also one that is superseded."""
    found = Report.objects.visible_to(request.user).select_related("case__patient")
    return show_signed(request, get_object_or_404(found, pk=pk))
