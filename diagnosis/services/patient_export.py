"""All of one patient's data as a zip: for the patient who asks for it, or for another hospital.

Files come first and `patient.json` last, because it says which files could not be given. Nothing is held in memory
but the rows: a record of any size is sent as it is read.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Patient, Purpose, User
from clinic.selectors.merging import ids_of_record
from clinic.services import audit, records
from diagnosis.selectors.export_parts import PARTS, ExportedFile, identity_of
from diagnosis.selectors.suggestions import something_is_withheld
from diagnosis.services import file_store
from diagnosis.services.trail_export import trail_as_csv, trail_as_json
from diagnosis.services.zip_stream import Entry, zip_stream

logger = logging.getLogger(__name__)

DAMAGED = "The stored file is missing or damaged, so it is not here."


class ExportWithheld(ValidationError):
    """The export would show the person what is withheld until they have read for themselves."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Suggestions and readings of some images of this record are withheld from you until you have read "
                "these images yourself. Read them first, or ask a colleague from whom nothing is withheld."
            ),
            code="withheld",
        )


@dataclass
class _Listed:
    """How a file fared: its place in the zip, its digest, and what is wrong if it is not there."""

    path: str
    sha256: str
    problem: str | None


@transaction.atomic
def export_patient(*, patient: Patient, exported_by: User) -> Iterator[bytes]:
    """The zip's bytes, piece by piece. Raises PermissionDenied unless the person is on the care team, and
    ValidationError while anything in it is withheld from them."""
    current = records.lock_for_team(patient_ids=[patient.pk], user=exported_by)[patient.pk]
    if something_is_withheld(current, person=exported_by):
        raise ExportWithheld
    ids = ids_of_record(patient.pk)
    parts = {part.name: part.rows(ids) for part in PARTS}
    files = [file for part in PARTS for row in parts[part.name] for file in part.files(row)]
    audit.record(
        actor=exported_by,
        action="patient.exported",
        subject=current,
        patient_id=patient.pk,
        purpose=Purpose.EXPORT,
        files=len(files),
    )
    document = {
        "exported_at": timezone.now(),
        "exported_by": exported_by.full_name,
        "patient": identity_of(current),
        "merged_records": [identity_of(one) for one in Patient.objects.filter(pk__in=ids[1:])],
        **parts,
    }
    return zip_stream(_entries(document, files, ids))


def _entries(document: dict[str, Any], files: Iterable[ExportedFile], ids: Sequence[UUID]) -> Iterator[Entry]:
    listed: list[_Listed] = []
    for file in files:
        problem = _problem_of(file)
        listed.append(_Listed(file.path, file.sha256, problem))
        if problem is None:
            yield Entry(file.path, file_store.chunks(file.sha256))
    yield Entry("trail.json", trail_as_json(ids))
    yield Entry("trail.csv", trail_as_csv(ids))
    whole = document | {"files": [asdict(one) for one in listed]}
    yield Entry("patient.json", [json.dumps(whole, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False).encode()])


def _problem_of(file: ExportedFile) -> str | None:
    try:
        file_store.verify(file.sha256)
    except (file_store.DamagedFile, OSError):
        logger.exception("A stored file cannot be exported.")
        return DAMAGED
    return None
