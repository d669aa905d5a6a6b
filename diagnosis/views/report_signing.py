"""The page on which a doctor signs: it shows exactly what will be signed."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.accounts.confirming import confirm_by_passkey, confirm_by_password, has_passkey
from clinic.selectors.care_teams import is_on_team
from clinic.services import audit
from clinic.services.records import RecordRestricted
from clinic.views.requests import SignedInRequest
from diagnosis.canonical import digest_of
from diagnosis.models import Case, Confirmation, Report
from diagnosis.report_forms import SignForm
from diagnosis.selectors import report_words
from diagnosis.selectors.newer_results import newer_than_read
from diagnosis.selectors.report_changes import marks_of
from diagnosis.selectors.report_content import basis_of
from diagnosis.selectors.report_obstacles import obstacles_of
from diagnosis.selectors.report_rows import rows_of
from diagnosis.services.report_drafts import draft_of, keep_report_draft
from diagnosis.services.signing import ChangedMeanwhile, NotReady, Seen, Words, sign_report


def show_signing(
    request: SignedInRequest,
    case: Case,
    *,
    form: SignForm | None = None,
    changes: Sequence[str] = (),
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The page; with `form` what was entered into it, with `changes` what is different since."""
    audit.record_look(actor=request.user, action="report.viewed", subject=case, patient_id=case.patient_id)
    rows = rows_of(case, person=request.user)
    basis = basis_of(rows)
    form = form or _fresh_form(request, case)
    context: dict[str, Any] = {
        "case": case,
        "patient": case.patient,
        "content": basis,
        "images": report_words.images_of(basis),
        "result": report_words.case_result(basis),
        "rule": report_words.rule_words(basis),
        "obstacles": obstacles_of(rows, person=request.user),
        "is_on_team": is_on_team(patient=case.patient, user=request.user),
        "earlier": rows.earlier,
        "newer_results": newer_than_read(rows),
        "changes": changes,
        "form": form,
        "seen": digest_of(basis),
        "marks": " ".join(marks_of(basis)),
        "has_passkey": has_passkey(request),
    }
    return render(request, "diagnosis/report_signing.html", context, status=status)


def sign(request: SignedInRequest, case: Case) -> HttpResponse:
    """Sign what was seen, or show the page again with the words that were written and what is amiss."""
    if not is_on_team(patient=case.patient, user=request.user):
        raise PermissionDenied
    form = SignForm(request.POST)
    done = _signed_already(request, case)
    if done:
        return _to_report(request, done)
    if not form.is_valid():
        return _again(request, case, form)
    try:
        return _to_report(request, _confirm_and_sign(request, case, form))
    except ChangedMeanwhile as refusal:
        return _again(request, case, form, changes=refusal.changes, status=HTTPStatus.CONFLICT)
    except (NotReady, RecordRestricted):
        return _again(request, case, form, status=HTTPStatus.CONFLICT)
    except ValidationError as refusal:
        done = _signed_already(request, case)  # the first of two clicks has used the passkey up
        return _to_report(request, done) if done else _refused(request, case, form, refusal)


def _confirm_and_sign(request: SignedInRequest, case: Case, form: SignForm) -> Report:
    entries = form.cleaned_data
    if entries["credential"]:
        confirm_by_passkey(request, entries["credential"])
    else:
        confirm_by_password(request, entries["password"])
    return sign_report(
        case=case,
        signer=request.user,
        seen=Seen(digest=entries["seen"], marks=entries["marks"].split()),
        words=Words(entries["findings"], entries["amendment_reason"], entries["with_outlines"]),
        confirmed_by=Confirmation.PASSKEY if entries["credential"] else Confirmation.PASSWORD,
    )


def _signed_already(request: SignedInRequest, case: Case) -> Report | None:
    """What this very form has signed: it was sent twice, or sent again by the back button."""
    mine = Report.objects.visible_to(request.user).filter(case=case, signed_by=request.user)
    return mine.filter(content__seen_digest=request.POST.get("seen", "")).first()


def _to_report(request: SignedInRequest, report: Report) -> HttpResponse:
    messages.success(request, _("Version %(version)s of the report is signed.") % {"version": report.version})
    return redirect("diagnosis:report", pk=report.case_id)


def _refused(request: SignedInRequest, case: Case, form: SignForm, refusal: ValidationError) -> HttpResponse:
    if "amendment_reason" in getattr(refusal, "error_dict", {}):
        form.add_error(None, refusal)
        return _again(request, case, form)
    form.add_error("password", refusal)
    wait = (getattr(refusal, "params", None) or {}).get("wait")
    response = _again(request, case, form, status=HTTPStatus.TOO_MANY_REQUESTS if wait else HTTPStatus.BAD_REQUEST)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _again(
    request: SignedInRequest,
    case: Case,
    form: SignForm,
    *,
    changes: Sequence[str] = (),
    status: int = HTTPStatus.BAD_REQUEST,
) -> HttpResponse:
    _keep_words(request, case, form)
    case = Case.objects.visible_to(request.user).select_related("patient").get(pk=case.pk)
    return show_signing(request, case, form=form, changes=changes, status=status)


def _keep_words(request: SignedInRequest, case: Case, form: SignForm) -> None:
    words = {name: form.cleaned_data.get(name) for name in ("findings", "amendment_reason")}
    try:
        keep_report_draft(
            case=case,
            author=request.user,
            findings=words["findings"] or "",
            amendment_reason=words["amendment_reason"] or "",
        )
    except RecordRestricted:
        return  # the page still shows them


def _fresh_form(request: SignedInRequest, case: Case) -> SignForm:
    """With the words written so far; an amendment begins with those that were signed."""
    draft = draft_of(case=case, author=request.user)
    if draft:
        return SignForm(initial={"findings": draft.findings, "amendment_reason": draft.amendment_reason})
    signed = Report.objects.visible_to(request.user).filter(case=case).order_by("-version").first()
    return SignForm(initial={"findings": signed.content.get("findings", "")} if signed else None)
