"""How readers and models agree: all of them, for administrators; each doctor's own, for that doctor."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.exports import download
from clinic.models import Purpose, User
from clinic.selectors.emergency_access import know_emergencies
from clinic.services import audit
from clinic.views.requests import SignedInRequest, administrators_only, doctors_only
from diagnosis.agreement_forms import AgreementForm
from diagnosis.models import Reading
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.agreement import agreement_of
from diagnosis.selectors.agreement_counts import Counts, counts_of
from diagnosis.services.agreement import counts_of_all
from diagnosis.views.agreement_table import headings, rows_of
from mlcore.assays import ASSAYS

Counting = Callable[[User], Counts]


def _of_all(_: User) -> Counts:
    return counts_of_all()


def own_counts(doctor: User) -> Counts:
    """Sums over what the doctor read themselves, of patients in their care, and of nothing that is withheld."""
    know_emergencies(doctor)
    own = Reading.objects.visible_to(doctor).filter(reader=doctor).exclude(withheld_from(doctor, image="image"))
    return counts_of(own)


@never_cache
@require_safe
@administrators_only
def agreement(request: SignedInRequest) -> HttpResponse:
    """The figures of all doctors together."""
    return _page(request, _of_all, is_own=False)


@never_cache
@require_safe
@doctors_only
def my_agreement(request: SignedInRequest) -> HttpResponse:
    """The figures of the doctor who asks."""
    return _page(request, own_counts, is_own=True)


@never_cache
@require_safe
@administrators_only
def agreement_csv(request: SignedInRequest) -> HttpResponseBase:
    """The figures of all doctors together, as a file."""
    return _file(request, _of_all, is_own=False)


@never_cache
@require_safe
@doctors_only
def my_agreement_csv(request: SignedInRequest) -> HttpResponseBase:
    """The figures of the doctor who asks, as a file."""
    return _file(request, own_counts, is_own=True)


def _page(request: SignedInRequest, count: Counting, *, is_own: bool) -> HttpResponse:
    counts = count(request.user)
    form = form_for(request.GET, counts)
    context = {"form": form, "is_own": is_own, "counted_at": counts.counted_at, "query": request.GET.urlencode()}
    audit.record(actor=request.user, action="agreement.viewed", subject=request.user, own=is_own)
    if form.errors:
        return _refused(request, context)
    figures = agreement_of(counts, wanted=form.wanted, sight=form.chosen_sight)
    return render(request, "diagnosis/agreement.html", context | _limits() | {"figures": figures})


def _file(request: SignedInRequest, count: Counting, *, is_own: bool) -> HttpResponseBase:
    counts = count(request.user)
    form = form_for(request.GET, counts)
    if form.errors:
        return _refused(request, {"form": form, "is_own": is_own, "counted_at": counts.counted_at})
    figures = agreement_of(counts, wanted=form.wanted, sight=form.chosen_sight)
    audit.record(
        actor=request.user, action="agreement.exported", subject=request.user, purpose=Purpose.EXPORT, own=is_own
    )
    name = f"agreement-{form.wanted.assay.slug}-{timezone.localdate()}"
    return download(form="csv", name=name, headings=headings(), rows=rows_of(figures))


def _refused(request: SignedInRequest, context: dict[str, object]) -> HttpResponse:
    return render(request, "diagnosis/agreement.html", context | _limits(), status=HTTPStatus.BAD_REQUEST)


def form_for(entries: QueryDict, counts: Counts) -> AgreementForm:
    """The filters. Without a choice it is the examination with the most readings."""
    form = AgreementForm(entries or None, usual_assay=next(iter(ASSAYS)))
    assays = {one.pk: one.assay for one in form.versions}
    totals = dict.fromkeys(ASSAYS, 0)
    for one in counts.pairs:
        totals[assays.get(one.group.model, form.usual_assay)] += one.count
    form.usual_assay = max(totals, key=lambda slug: totals[slug])
    form.initial = {"assay": form.usual_assay}
    return form


def _limits() -> dict[str, object]:
    return {
        "fewest_doctors": settings.AGREEMENT_FEWEST_DOCTORS,
        "fewest_readings": settings.AGREEMENT_FEWEST_READINGS,
        "longest": int(settings.AGREEMENT_LONGEST_READING.total_seconds() // 60),
        "period": int(settings.AGREEMENT_PERIOD.total_seconds() // 60),
    }
