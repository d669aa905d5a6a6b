"""Asking a colleague to read an image too, and bringing readings that differ before an adjudicator."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Patient, User
from clinic.services import audit, records
from diagnosis.models import Case, Reading, ReadingRequest, ReadingRole, RequestKind, RequestState, SlideImage
from diagnosis.selectors.outcomes import Standing, outcome_of_image
from diagnosis.selectors.second_readers import can_be_asked, can_still_read, could_adjudicate, open_request

CLOSED = "closed"


@transaction.atomic
def ask_second_reader(*, image: SlideImage, asked_of: User, asked_by: User) -> ReadingRequest:
    """Ask a colleague to read the image too, without seeing the first reading or the suggestion.

    Asking the same colleague twice changes nothing. PermissionDenied unless the asker is on the care team.
    """
    _lock_team(image, asked_by)
    current = _lock_image(image)
    standing = open_request(current, RequestKind.SECOND)
    if standing and standing.asked_of_id == asked_of.pk:
        return standing
    _check_can_ask(current, asked_of, asked_by, standing)
    return _ask(current, asked_of, asked_by)


@transaction.atomic
def ask_second_reader_of_case(*, case: Case, asked_of: User, asked_by: User) -> Sequence[ReadingRequest]:
    """Ask for every image of the case that the asker has read, and that the colleague could read. May be none."""
    patient = records.lock_for_team(patient_ids=[case.patient_id], user=asked_by)[case.patient_id]
    _require_open(patient)
    read = SlideImage.objects.in_use().filter(case=case, readings__reader=asked_by).distinct().values("pk")
    images = SlideImage.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=read)
    return [
        _ask(image, asked_of, asked_by)
        for image in images.select_related("case").order_by("pk")
        if open_request(image, RequestKind.SECOND) is None and can_be_asked(image).filter(pk=asked_of.pk).exists()
    ]


@transaction.atomic
def withdraw_request(*, request: ReadingRequest, withdrawn_by: User) -> ReadingRequest:
    """Take a request for a second reading back: the asker, or anybody on the team when it can be read no more."""
    current = _lock_request(request, withdrawn_by)
    _require_second(current)
    if current.asked_by_id != withdrawn_by.pk and can_still_read(current):
        raise PermissionDenied(_("Only the doctor who asked takes the request back."))
    return _close(current, RequestState.WITHDRAWN, "reading_request.withdrawn", withdrawn_by)


@transaction.atomic
def decline_request(*, request: ReadingRequest, declined_by: User, reason: str) -> ReadingRequest:
    """Say no to a request for a second reading, with a sentence for whoever asked."""
    current = _lock_request(request, declined_by)
    _require_second(current)
    if current.asked_of_id != declined_by.pk:
        raise PermissionDenied(_("Only the doctor who was asked declines."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say in a sentence why.")})
    current.decline_reason = reason.strip()
    return _close(current, RequestState.DECLINED, "reading_request.declined", declined_by)


@transaction.atomic
def take_adjudication(*, request: ReadingRequest, taken_by: User) -> ReadingRequest:
    """Take it on: the doctor sees both readings and the suggestion from now on. Doing so twice changes nothing."""
    current = _lock_request(request, taken_by)
    return _entrust(current, to=taken_by, by=None, actor=taken_by)


@transaction.atomic
def name_adjudicator(*, request: ReadingRequest, named: User, named_by: User) -> ReadingRequest:
    """Ask a colleague by name to adjudicate."""
    current = _lock_request(request, named_by)
    return _entrust(current, to=named, by=named_by, actor=named_by)


@transaction.atomic
def hand_back_adjudication(*, request: ReadingRequest, handed_back_by: User) -> ReadingRequest:
    """Leave it to whoever takes it next."""
    current = _lock_request(request, handed_back_by)
    if current.kind != RequestKind.ADJUDICATION or current.asked_of_id != handed_back_by.pk:
        raise PermissionDenied(_("Only the adjudicator hands the adjudication back."))
    current.asked_of = current.asked_by = None
    current.save(update_fields=["asked_of", "asked_by"])
    _note("adjudication.handed_back", current, handed_back_by)
    return current


def follow_reading(*, reading: Reading, request: ReadingRequest | None) -> None:
    """What a reading just stored brings about, in its transaction: what was asked for is done, and readings that
    differ wait for an adjudicator until they do not differ any more."""
    if request:
        _close(request, RequestState.DONE, "reading_request.done", reading.reader)
    outcome = outcome_of_image(Reading.objects.current().filter(image=reading.image))
    standing = open_request(reading.image, RequestKind.ADJUDICATION)
    if outcome.standing is Standing.DISAGREEMENT and standing is None:
        opened = ReadingRequest.objects.create(image=reading.image, kind=RequestKind.ADJUDICATION)
        _note("adjudication.opened", opened, reading.reader)
    elif outcome.standing is not Standing.DISAGREEMENT and standing:
        state = RequestState.DONE if reading.role == ReadingRole.ADJUDICATION else RequestState.WITHDRAWN
        _close(standing, state, "adjudication.closed", reading.reader)


def _ask(image: SlideImage, asked_of: User, asked_by: User) -> ReadingRequest:
    request = ReadingRequest.objects.create(image=image, kind=RequestKind.SECOND, asked_of=asked_of, asked_by=asked_by)
    _note("reading_request.made", request, asked_by)
    return request


def _check_can_ask(image: SlideImage, asked_of: User, asked_by: User, standing: ReadingRequest | None) -> None:
    if image.withdrawn_at:
        raise ValidationError(_("This image was withdrawn from the case: it needs no second reading."))
    if standing:
        raise ValidationError(_("A second reading of this image is asked for already. Take that request back first."))
    if not Reading.objects.filter(image=image, reader=asked_by).exists():
        raise ValidationError(_("Read the image yourself before you ask a colleague."))
    if not can_be_asked(image).filter(pk=asked_of.pk).exists():
        raise ValidationError(_("Choose a doctor of the care team who has not read this image."))


def _entrust(request: ReadingRequest, *, to: User, by: User | None, actor: User) -> ReadingRequest:
    if request.kind != RequestKind.ADJUDICATION:
        raise ValidationError(_("This is no adjudication."))
    if request.asked_of_id == to.pk:
        return request
    if can_still_read(request):
        raise ValidationError(_("A colleague has taken this adjudication on already."))
    if not could_adjudicate(request.image, person=to):
        raise ValidationError(_("Only a doctor of the care team who has not read the image can adjudicate."))
    request.asked_of, request.asked_by = to, by
    request.save(update_fields=["asked_of", "asked_by"])
    _note("adjudication.named" if by else "adjudication.taken", request, actor)
    return request


def _lock_team(image: SlideImage, person: User) -> Patient:
    patient_id = image.case.patient_id
    patient = records.lock_for_team(patient_ids=[patient_id], user=person)[patient_id]
    _require_open(patient)
    return patient


def _require_open(patient: Patient) -> None:
    if patient.restricted_at:
        raise records.RecordRestricted


def _lock_image(image: SlideImage) -> SlideImage:
    return SlideImage.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=image.pk)


def _lock_request(request: ReadingRequest, person: User) -> ReadingRequest:
    """The request as it is now. ValidationError when it is closed: somebody was quicker."""
    records.lock_for_team(patient_ids=[request.image.case.patient_id], user=person)
    _lock_image(request.image)
    current = ReadingRequest.objects.select_related("image__case__patient").get(pk=request.pk)
    if current.state != RequestState.OPEN:
        raise ValidationError(_("This request is closed already. Nothing was changed."), code=CLOSED)
    return current


def _require_second(request: ReadingRequest) -> None:
    if request.kind != RequestKind.SECOND:
        raise ValidationError(_("This is no request for a second reading."))


def _close(request: ReadingRequest, state: RequestState, action: str, person: User) -> ReadingRequest:
    request.state, request.closed_at = state, timezone.now()
    request.save(update_fields=["state", "closed_at", "decline_reason"])
    _note(action, request, person)
    return request


def _note(action: str, request: ReadingRequest, person: User) -> None:
    audit.record(
        actor=person,
        action=action,
        subject=request,
        patient_id=request.image.case.patient_id,
        image=str(request.image_id),
        asked_of=str(request.asked_of_id) if request.asked_of_id else None,
    )
