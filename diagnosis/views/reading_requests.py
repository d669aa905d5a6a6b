"""Asking for a second reading, and what can be done about such a request or an adjudication."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.models import User
from clinic.selectors.care_teams import active_doctors
from clinic.views.requests import SignedInRequest
from diagnosis.models import ReadingRequest, SlideImage
from diagnosis.reading_forms import ColleagueForm, DeclineForm
from diagnosis.services import reading_requests
from diagnosis.views.visible_images import visible_image


@require_POST
def second_reader(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask a colleague to read the image, or all images of the case that one has read."""
    image = visible_image(request, pk)
    form = _colleague_form(request, image)
    return _act(request, image, form, lambda: _ask(request, image, form))


@require_POST
def reading_request_withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a request back."""
    asked = _visible(request, pk)

    def withdraw() -> str:
        reading_requests.withdraw_request(request=asked, withdrawn_by=request.user)
        return _("The request is withdrawn.")

    return _act(request, asked.image, None, withdraw)


@require_POST
def reading_request_decline(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Say no, and why."""
    asked = _visible(request, pk)
    form = DeclineForm(request.POST)

    def decline() -> str:
        reason = form.cleaned_data["reason"]
        reading_requests.decline_request(request=asked, declined_by=request.user, reason=reason)
        return _("You have declined. The colleague who asked sees why.")

    return _act(request, asked.image, form, decline)


@require_POST
def adjudication_take(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take an adjudication on."""
    asked = _visible(request, pk)

    def take() -> str:
        reading_requests.take_adjudication(request=asked, taken_by=request.user)
        return _("You adjudicate this image.")

    return _act(request, asked.image, None, take)


@require_POST
def adjudication_name(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask a colleague by name to adjudicate."""
    asked = _visible(request, pk)
    form = _colleague_form(request, asked.image)

    def name() -> str:
        doctor: User = form.cleaned_data["doctor"]
        reading_requests.name_adjudicator(request=asked, named=doctor, named_by=request.user)
        return _("%(name)s is asked to adjudicate.") % {"name": doctor}

    return _act(request, asked.image, form, name)


@require_POST
def adjudication_hand_back(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Leave an adjudication to somebody else."""
    asked = _visible(request, pk)

    def hand_back() -> str:
        reading_requests.hand_back_adjudication(request=asked, handed_back_by=request.user)
        return _("The adjudication waits for somebody else.")

    return _act(request, asked.image, None, hand_back)


def _ask(request: SignedInRequest, image: SlideImage, form: ColleagueForm) -> str:
    doctor: User = form.cleaned_data["doctor"]
    if not form.cleaned_data["whole_case"]:
        reading_requests.ask_second_reader(image=image, asked_of=doctor, asked_by=request.user)
        return _("%(name)s is asked for a second reading.") % {"name": doctor}
    made = reading_requests.ask_second_reader_of_case(case=image.case, asked_of=doctor, asked_by=request.user)
    if not made:
        raise ValidationError(_("There is no image of this case that this colleague could be asked to read."))
    return ngettext(
        "%(name)s is asked for a second reading of %(count)s image.",
        "%(name)s is asked for a second reading of %(count)s images.",
        len(made),
    ) % {"name": doctor, "count": len(made)}


def _act(request: SignedInRequest, image: SlideImage, form: forms.Form | None, act: Callable[[], str]) -> HttpResponse:
    """Do it and say so, or say why not; then back to the image."""
    if form is not None and not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("diagnosis:image", pk=image.pk)
    try:
        messages.success(request, act())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("diagnosis:image", pk=image.pk)


def _colleague_form(request: SignedInRequest, image: SlideImage) -> ColleagueForm:
    team = active_doctors().filter(care_team_memberships__patient=image.case.patient_id)
    return ColleagueForm(request.POST, colleagues=team.exclude(pk=request.user.pk))


def _visible(request: SignedInRequest, pk: UUID) -> ReadingRequest:
    requests = ReadingRequest.objects.visible_to(request.user).select_related("image__case__patient")
    return get_object_or_404(requests, pk=pk)
