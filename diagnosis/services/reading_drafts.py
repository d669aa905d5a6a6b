"""Keeping what a doctor has entered about an image, until it is recorded."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit, records
from diagnosis.models import ReadingDraft, SlideImage


@dataclass(frozen=True, kw_only=True)
class DraftEntries:
    """What stands in the form, fit or not."""

    choice: str = ""
    reason: str = ""
    comment: str = ""
    change_reason: str = ""

    def __bool__(self) -> bool:
        return any((self.choice, self.reason, self.comment.strip(), self.change_reason.strip()))


@dataclass(frozen=True)
class SavedDraft:
    """How saving went: `draft` is None when nothing was entered; `was_changed_elsewhere` when another tab had saved
    something since this one last knew."""

    draft: ReadingDraft | None
    was_changed_elsewhere: bool


def version_of(draft: ReadingDraft | None) -> str:
    """What tells one state of a draft from the next; empty for none."""
    return draft.updated_at.isoformat() if draft else ""


@transaction.atomic
def save_draft(*, image: SlideImage, reader: User, entries: DraftEntries, seen: str) -> SavedDraft:
    """Keep the entries in place of what was kept. `seen` is the version that the page last knew; the last one wins."""
    records.lock_open(patient_id=image.case.patient_id, user=reader)
    if SlideImage.objects.filter(pk=image.pk, withdrawn_at__isnull=False).exists():
        raise ValidationError(
            _("This image was withdrawn from the case. What you had entered before is kept."), code="withdrawn"
        )
    kept = ReadingDraft.objects.filter(image=image, reader=reader).first()
    changed = version_of(kept) != seen
    if not entries:
        _delete(kept)
        return SavedDraft(None, changed)
    draft, _created = ReadingDraft.objects.update_or_create(image=image, reader=reader, defaults=vars(entries))
    audit.record_look(actor=reader, action="reading.drafted", subject=image, patient_id=image.case.patient_id)
    return SavedDraft(draft, changed)


@transaction.atomic
def discard_draft(*, image: SlideImage, reader: User) -> None:
    """Throw it away. Doing so twice changes nothing."""
    records.lock_visible(patient_id=image.case.patient_id, user=reader)
    if _delete(ReadingDraft.objects.filter(image=image, reader=reader).first()):
        audit.record(actor=reader, action="reading.draft_discarded", subject=image, patient_id=image.case.patient_id)


def _delete(draft: ReadingDraft | None) -> bool:
    return bool(draft and draft.delete())
