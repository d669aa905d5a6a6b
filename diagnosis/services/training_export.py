"""A site's own signed readings as a data set to train on: pixels, classes, and which images are of one patient."""

import csv
import hashlib
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction

from clinic.models import Patient
from clinic.services import audit
from diagnosis.models import Reading, SlideImage, TestImage
from diagnosis.selectors.outcomes import outcome_of_image
from diagnosis.services import file_store
from mlcore.images import UnreadableImage, decode
from mlcore.overlays import encode_png

GROUPS = "groups.csv"


class NothingWritten(Exception):
    """No data set was made; the message is one sentence that says why."""


@dataclass(frozen=True)
class TrainingSet:
    """What was written: images by class, how many patients they are of, and how many could not be read."""

    images_by_class: Mapping[str, int]
    patients: int
    unreadable: int


def export_training_set(*, assay: str, out: Path) -> TrainingSet:
    """Write the images of signed cases into a folder a class, with `groups.csv`; noted in the trail for each patient.

    The pixels are drawn anew, so nothing that rode along in a file is in it, and names are random. Left out are images
    that were withdrawn or whose readings come to no class, restricted records, and what is in a locked test set.
    Raises NothingWritten, with nothing left behind, when there is no such image or the folder holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise NothingWritten(f"{out} is there already and is not an empty folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        return _write(assay, aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@transaction.atomic
def _write(assay: str, aside: Path, out: Path) -> TrainingSet:
    pseudonyms: dict[UUID, str] = {}
    images, counts, unreadable = Counter[str](), Counter[UUID](), 0
    with (aside / GROUPS).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("file", "patient"))
        for image, label in _signed(assay):
            content = _pixels(image)
            if content is None:
                unreadable += 1
            elif not _is_for_testing(image, content):
                patient = image.case.patient_id
                name = f"{label}/{secrets.token_hex(16)}.png"
                (aside / label).mkdir(exist_ok=True)
                (aside / name).write_bytes(content)
                table.writerow((name, pseudonyms.setdefault(patient, secrets.token_hex(8))))
                images[label] += 1
                counts[patient] += 1
    if not images:
        raise NothingWritten("There is no image of a signed case whose reading names a class.")
    _note(assay, counts)
    aside.chmod(0o700)
    aside.rename(out)  # an empty folder of that name gives way
    return TrainingSet(images_by_class=dict(images), patients=len(counts), unreadable=unreadable)


def _signed(assay: str) -> Iterator[tuple[SlideImage, str]]:
    """Images of signed cases with the class that their readings come to."""
    usable = SlideImage.objects.in_use().filter(
        case__assay=assay, case__reports__isnull=False, case__patient__restricted_at__isnull=True
    )
    ids = list(usable.order_by("pk").values_list("pk", flat=True).distinct())
    for start in range(0, len(ids), 200):
        found = SlideImage.objects.filter(pk__in=ids[start : start + 200]).select_related("case").order_by("pk")
        readings = _readings([image.pk for image in found])
        for image in found:
            leading = outcome_of_image(readings.get(image.pk, ())).reading
            if leading and leading.label:
                yield image, leading.label


def _readings(images: Sequence[UUID]) -> dict[UUID, list[Reading]]:
    by_image: dict[UUID, list[Reading]] = {}
    for reading in Reading.objects.current().filter(image__in=images):
        by_image.setdefault(reading.image_id, []).append(reading)
    return by_image


def _pixels(image: SlideImage) -> bytes | None:
    try:
        return encode_png(decode(file_store.get(image.sha256)))
    except (UnreadableImage, file_store.DamagedFile):
        return None


def _is_for_testing(image: SlideImage, content: bytes) -> bool:
    """Whether a locked test set holds it, as it was sent or as it is written here."""
    digests = [image.sha256, hashlib.sha256(content).hexdigest()]
    return TestImage.objects.filter(sha256__in=digests).exists()


def _note(assay: str, counts: Mapping[UUID, int]) -> None:
    acts = [
        audit.Act(
            action="patient.exported_for_training",
            subject=Patient(pk=patient),
            patient_id=patient,
            detail={"assay": assay, "images": count},
        )
        for patient, count in counts.items()
    ]
    audit.record_all(actor=None, acts=acts)
