"""Recording what a doctor says about an image."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.selectors.care_teams import is_on_team
from clinic.services import audit, records
from clinic.services.permissions import people_only
from diagnosis.models import (
    ImageOpening,
    Prediction,
    Reading,
    ReadingDraft,
    ReadingRequest,
    ReadingRole,
    RequestKind,
    SlideImage,
)
from diagnosis.selectors.own_readings import own_reading
from diagnosis.selectors.reading_choices import suggested_class
from diagnosis.selectors.second_readers import could_adjudicate, waits_for_adjudicator
from diagnosis.selectors.suggestions import is_withheld, shown_prediction, standing_prediction
from diagnosis.services.reading_checks import (
    ReadingEntries,
    check_answer,
    check_change,
    check_comment,
    check_image,
    check_reason,
)
from diagnosis.services.reading_requests import follow_reading


class StaleReading(ValidationError):
    """The page was older than what is stored. `recorded` is the reading that it did not know of, if that is it."""

    def __init__(self, message: str, recorded: Reading | None = None) -> None:
        super().__init__(message, code="stale")
        self.recorded = recorded


@transaction.atomic
def record_reading(
    *,
    image: SlideImage,
    reader: User,
    entries: ReadingEntries,
    based_on: UUID | None = None,
    shown: UUID | None = None,
) -> Reading:
    """Record a reading, or return the one that says the same already: a double click records once.

    `based_on` is the doctor's own reading that the page knew of, and is replaced; `shown` the prediction that it
    showed. Raises StaleReading when either is not what stands now, ValidationError for unfit entries or an image that
    was never opened or is withdrawn, RecordRestricted, and PermissionDenied when the doctor does not see the patient,
    or is a program.
    """
    people_only(reader)
    records.lock_open(patient_id=image.case.patient_id, user=reader)
    current = SlideImage.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=image.pk)
    mine = own_reading(current, reader=reader)
    if mine and entries.says_the_same_as(mine):
        return mine
    suggestion = _check_page_is_new(current, reader, mine=mine, based_on=based_on, shown=shown)
    check_image(current, entries)
    opening = _opening(current, reader)
    check_answer(current, entries, suggested=suggested_class(suggestion))
    check_reason(entries)
    check_comment(entries)
    check_change(entries, replaced=mine)
    request = None if mine else _request_for(current, reader)
    reading = Reading(
        image=current,
        reader=reader,
        role=mine.role if mine else _role(request),
        prediction=standing_prediction(current),
        was_blinded=is_withheld(current, person=reader),
        replaces=mine,
        opened_at=opening.last_opened_at,
        answer=entries.answer,
        label=entries.label,
        reason=entries.reason,
        comment=entries.comment,
        change_reason=entries.change_reason,
    )
    return _store(reading, request)


def _store(reading: Reading, request: ReadingRequest | None) -> Reading:
    reading.full_clean(validate_unique=False, validate_constraints=False)
    reading.save()
    ReadingDraft.objects.filter(image=reading.image, reader=reading.reader).delete()
    audit.record(
        actor=reading.reader,
        action="reading.corrected" if reading.replaces_id else "reading.recorded",
        subject=reading,
        patient_id=reading.image.case.patient_id,
        image=str(reading.image_id),
        role=reading.role,
        blinded=reading.was_blinded,
        replaces=str(reading.replaces_id) if reading.replaces_id else None,
    )
    follow_reading(reading=reading, request=request)
    return reading


def _check_page_is_new(
    image: SlideImage, reader: User, *, mine: Reading | None, based_on: UUID | None, shown: UUID | None
) -> Prediction | None:
    """The prediction that the doctor has before them, which must be the one that the page showed."""
    if (mine.pk if mine else None) != based_on:
        raise StaleReading(
            _("You have recorded another reading of this image meanwhile, see below. Nothing was changed."), mine
        )
    suggestion = shown_prediction(image, person=reader)
    if (suggestion.pk if suggestion else None) != shown:
        raise StaleReading(
            _("What is suggested for this image has changed since you opened the page. Look at it, then record again.")
        )
    return suggestion


def _opening(image: SlideImage, reader: User) -> ImageOpening:
    opening = ImageOpening.objects.filter(image=image, reader=reader).first()
    if opening is None:
        raise ValidationError(_("Open the image before you read it."), code="not_opened")
    return opening


def _request_for(image: SlideImage, reader: User) -> ReadingRequest | None:
    """What was asked of the reader, whom an open adjudication keeps from reading as one more among equals."""
    asked = list(ReadingRequest.objects.open().filter(image=image, asked_of=reader))
    if not is_on_team(patient=image.case.patient, user=reader):  # an emergency adjudicates nothing
        asked = [request for request in asked if request.kind == RequestKind.SECOND]
    if asked:
        return asked[0]
    if waits_for_adjudicator(image) and could_adjudicate(image, person=reader):
        raise ValidationError(
            _("Two readings of this image differ. Take the adjudication on before you read it."), code="adjudicate"
        )
    return None


def _role(request: ReadingRequest | None) -> ReadingRole:
    return ReadingRole(request.kind) if request else ReadingRole.FIRST
