"""Taking in an image: the header is read, nothing is decoded, and once this returns the image cannot get lost."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit, records
from diagnosis.models import Analysis, Case, ModelVersion, SlideImage
from diagnosis.selectors.models import active_model
from diagnosis.services import analysis_queue, file_store
from diagnosis.services.duplicates import show_duplicates
from diagnosis.services.file_removal import keep_files
from mlcore.images import ImageHeader, UnreadableImage, read_header

logger = logging.getLogger(__name__)


class UploadRefused(Exception):
    """The file was not taken in: a stable code, and a sentence that says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Upload:
    """An image that was taken in, with its analysis. Not `is_new`: the case already had these very bytes.

    `elsewhere`: the same bytes in other cases, of patients whom the person who sent them may see.
    """

    analysis: Analysis
    is_new: bool
    elsewhere: Sequence[SlideImage] = ()


def accept_images(
    *, case: Case, uploaded_by: User, files: "Iterable[UploadedFile[Any]]"
) -> list[tuple[str, Upload | UploadRefused]]:
    """Take in several images of `case`. Each file, by its shown name, has its own outcome: none spoils another."""
    return [(file.name or "", _outcome(case=case, uploaded_by=uploaded_by, file=file)) for file in files]


def _outcome(*, case: Case, uploaded_by: User, file: "UploadedFile[Any]") -> Upload | UploadRefused:
    try:
        return accept_image(case=case, uploaded_by=uploaded_by, file=file)
    except UploadRefused as refusal:
        return refusal
    except OSError:
        logger.exception("An image could not be stored.")
        return UploadRefused("not_stored", _("The image could not be stored just now. Please send it again."))


def accept_image(*, case: Case, uploaded_by: User, file: "UploadedFile[Any]") -> Upload:
    """Store an image of `case` and queue its analysis by the active model.

    Raises UploadRefused when the file is not a readable PNG, JPEG or TIFF within the limits.
    """
    visible = Case.objects.visible_to(uploaded_by).select_related("patient").filter(pk=case.pk).first()
    if visible is None:
        raise PermissionDenied("Only the patient's care team adds images.")
    case = visible  # a merging may have moved it since the page was opened
    if case.patient.restricted_at:
        raise _restricted()
    header = _check(case=case, file=file)
    model = active_model(case.assay)
    if model is None:
        raise UploadRefused("no_model", _("No model is active for this assay. Please tell your administrator."))
    file.seek(0)
    sha256 = file_store.put(file)
    try:
        return _record(case=case, uploaded_by=uploaded_by, file=file, header=header, sha256=sha256, model=model)
    except records.RecordRestricted:
        raise _restricted() from None


def _restricted() -> UploadRefused:
    return UploadRefused("restricted", records.RecordRestricted().messages[0])


def _withdrawn() -> UploadRefused:
    return UploadRefused(
        "withdrawn", _("This very image was withdrawn from the case. If it belongs here after all, put it back there.")
    )


def _check(*, case: Case, file: "UploadedFile[Any]") -> ImageHeader:
    if not file.size:
        raise UploadRefused("empty", _("The file is empty."))
    if file.size > settings.UPLOAD_MAX_FILE_BYTES:
        limit = settings.UPLOAD_MAX_FILE_BYTES // 1024**2
        raise UploadRefused("too_large", _("The file is larger than %(limit)s MB.") % {"limit": limit})
    try:
        return read_header(cast("BinaryIO", file), minimum_side=case.get_assay().minimum_side)
    except UnreadableImage as error:
        raise UploadRefused(error.code, _(error.message)) from None


@transaction.atomic
def _record(
    *,
    case: Case,
    uploaded_by: User,
    file: "UploadedFile[Any]",
    header: ImageHeader,
    sha256: str,
    model: ModelVersion,
) -> Upload:
    records.lock_open(patient_id=case.patient_id, user=uploaded_by)
    if keep_files([sha256]):  # an erasure took the very same file away since it was stored
        file.seek(0)
        file_store.put(file)
    image, is_new = SlideImage.objects.get_or_create(
        case=case,
        sha256=sha256,
        defaults={
            "uploaded_name": (file.name or "image")[:255],
            "size_bytes": file.size or 0,
            "file_format": header.format,
            "width": header.width,
            "height": header.height,
            "micrometres_per_pixel": header.micrometres_per_pixel,
            "created_by": uploaded_by,
        },
    )
    if image.withdrawn_at:
        raise _withdrawn()
    analysis, _ = Analysis.objects.get_or_create(
        image=image, model_version=model, defaults={"requested_by": uploaded_by}
    )
    audit.record(
        actor=uploaded_by,
        action="image.uploaded" if is_new else "image.uploaded_again",
        subject=image,
        patient_id=case.patient_id,
        sha256=sha256,
        analysis=str(analysis.pk),
    )
    if analysis.can_be_retried:  # whoever sends the image again wants it read again, now that its file is whole
        analysis = analysis_queue.retry(analysis=analysis, retried_by=uploaded_by)
    analysis_queue.wake_workers_on_commit(model.pk)
    elsewhere = show_duplicates(image=image, person=uploaded_by)
    return Upload(analysis=analysis, is_new=is_new, elsewhere=elsewhere)
