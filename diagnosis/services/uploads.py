"""Taking in an image: the header is read, nothing is decoded, and once this returns the image cannot get lost."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from uuid import UUID

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


@dataclass(frozen=True)
class _Stored:
    """A file that is in the store and has no row yet."""

    file: "UploadedFile[Any]"
    header: ImageHeader
    sha256: str


def accept_images(
    *, case: Case, uploaded_by: User, files: "Iterable[UploadedFile[Any]]"
) -> list[tuple[str, Upload | UploadRefused]]:
    """Store images of `case` and queue their analysis by the active model.

    Each file, by its shown name, has its own outcome: none spoils another. The rows of those that are taken in are
    written together, after the last file is stored: nothing is acknowledged before. Raises PermissionDenied.
    """
    visible = Case.objects.visible_to(uploaded_by).select_related("patient").filter(pk=case.pk).first()
    if visible is None:
        raise PermissionDenied("Only the patient's care team adds images.")
    case = visible  # a merging may have moved it since the page was opened
    model = active_model(case.assay)
    kept = [(file.name or "", _kept(case=case, model=model, file=file)) for file in files]
    stored = [one for _, one in kept if isinstance(one, _Stored)]
    outcomes = iter(_recorded(case=case, uploaded_by=uploaded_by, stored=stored, model=model) if model else ())
    return [(name, next(outcomes) if isinstance(one, _Stored) else one) for name, one in kept]


def accept_image(*, case: Case, uploaded_by: User, file: "UploadedFile[Any]") -> Upload:
    """Take in one image. Raises UploadRefused when it is no readable PNG, JPEG or TIFF within the limits."""
    ((_name, outcome),) = accept_images(case=case, uploaded_by=uploaded_by, files=[file])
    if isinstance(outcome, UploadRefused):
        raise outcome
    return outcome


def _kept(*, case: Case, model: ModelVersion | None, file: "UploadedFile[Any]") -> _Stored | UploadRefused:
    """Check one file and store its bytes."""
    if case.patient.restricted_at:
        return _restricted()
    try:
        header = _check(case=case, file=file)
        return _store(file, header) if model else _no_model()
    except UploadRefused as refusal:
        return refusal
    except OSError:
        logger.exception("An image could not be stored.")
        return _not_stored()


def _store(file: "UploadedFile[Any]", header: ImageHeader) -> _Stored:
    file.seek(0)
    return _Stored(file, header, file_store.put(file))


def _recorded(
    *, case: Case, uploaded_by: User, stored: Sequence[_Stored], model: ModelVersion
) -> Sequence[Upload | UploadRefused]:
    try:
        return _record(case=case, uploaded_by=uploaded_by, stored=stored, model=model) if stored else []
    except records.RecordRestricted:
        return [_restricted() for _each in stored]
    except OSError:
        logger.exception("Images could not be stored.")
        return [_not_stored() for _each in stored]


def _no_model() -> UploadRefused:
    return UploadRefused("no_model", _("No model is active for this assay. Please tell your administrator."))


def _not_stored() -> UploadRefused:
    return UploadRefused("not_stored", _("The image could not be stored just now. Please send it again."))


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
    *, case: Case, uploaded_by: User, stored: Sequence[_Stored], model: ModelVersion
) -> list[Upload | UploadRefused]:
    """Write the rows of stored files: as many statements for one file as for two hundred.

    Nobody else adds images to the record meanwhile, for that takes the same lock.
    """
    records.lock_open(patient_id=case.patient_id, user=uploaded_by)
    _keep(stored)
    known = {image.sha256: image for image in case.images.filter(sha256__in=[one.sha256 for one in stored])}
    new = _new_images(case, [one for one in stored if one.sha256 not in known], by=uploaded_by)
    in_use = [image for image in (known | new).values() if not image.withdrawn_at]
    analyses = {one.image.sha256: one for one in _analyses(in_use, new=new.values(), model=model, by=uploaded_by)}
    _audit(stored, analyses, new=set(new), by=uploaded_by)
    for sha256, analysis in analyses.items():
        if analysis.can_be_retried:  # whoever sends the image again wants it read again, now that its file is whole
            analyses[sha256] = analysis_queue.retry(analysis=analysis, retried_by=uploaded_by)
    analysis_queue.wake_workers_on_commit(model.pk, images=len(analyses))
    elsewhere = show_duplicates(images=in_use, person=uploaded_by)
    return _outcomes(stored, analyses, new=set(new), elsewhere=elsewhere)


def _keep(stored: Iterable[_Stored]) -> None:
    """Hold the files, and store anew those that an erasure took away since."""
    gone = set(keep_files(one.sha256 for one in stored))
    for one in stored:
        if one.sha256 in gone:
            one.file.seek(0)
            file_store.put(one.file)


def _new_images(case: Case, stored: Iterable[_Stored], *, by: User) -> dict[str, SlideImage]:
    """By their digests: the same bytes twice in one request are one image."""
    images: dict[str, SlideImage] = {}
    for one in stored:
        images.setdefault(one.sha256, _image(case, one, by=by))
    SlideImage.objects.bulk_create(images.values())
    return images


def _image(case: Case, stored: _Stored, *, by: User) -> SlideImage:
    header = stored.header
    return SlideImage(
        case=case,
        sha256=stored.sha256,
        uploaded_name=(stored.file.name or "image")[:255],
        size_bytes=stored.file.size or 0,
        file_format=header.format,
        width=header.width,
        height=header.height,
        micrometres_per_pixel=header.micrometres_per_pixel,
        created_by=by,
    )


def _analyses(
    in_use: Iterable[SlideImage], *, new: Collection[SlideImage], model: ModelVersion, by: User
) -> list[Analysis]:
    known = [
        Analysis.objects.get_or_create(image=image, model_version=model, defaults={"requested_by": by})[0]
        for image in in_use
        if image not in new
    ]
    fresh = [Analysis(image=image, model_version=model, requested_by=by) for image in new]
    return known + Analysis.objects.bulk_create(fresh)


def _outcomes(
    stored: Iterable[_Stored],
    analyses: Mapping[str, Analysis],
    *,
    new: Collection[str],
    elsewhere: Mapping[UUID, Sequence[SlideImage]],
) -> list[Upload | UploadRefused]:
    return [
        Upload(analyses[one.sha256], is_new, elsewhere.get(analyses[one.sha256].image_id, ()))
        if one.sha256 in analyses
        else _withdrawn()
        for one, is_new in _first_of(stored, new)
    ]


def _first_of(stored: Iterable[_Stored], new: Collection[str]) -> Iterator[tuple[_Stored, bool]]:
    """Each file, and whether it is the one that brought a new image."""
    left = set(new)
    for one in stored:
        yield one, one.sha256 in left
        left.discard(one.sha256)


def _audit(stored: Iterable[_Stored], analyses: Mapping[str, Analysis], *, new: Collection[str], by: User) -> None:
    audit.record_all(
        actor=by,
        acts=[
            audit.Act(
                action="image.uploaded" if is_new else "image.uploaded_again",
                subject=analyses[one.sha256].image,
                patient_id=analyses[one.sha256].image.case.patient_id,
                detail={"sha256": one.sha256, "analysis": str(analyses[one.sha256].pk)},
            )
            for one, is_new in _first_of(stored, new)
            if one.sha256 in analyses
        ],
    )
