"""Locking a site's own test set: all of it is checked first, then stored, and from then on it is never changed."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from diagnosis.models import TestImage, TestSet
from diagnosis.services import file_store
from diagnosis.services.test_sources import MOST_IMAGES, InvalidTestSet, Source, SourceImage, too_many
from mlcore.assays import Assay, get_assay
from mlcore.datasets import Sample, class_index
from mlcore.group_tables import GroupTable, InvalidTable
from mlcore.images import UnreadableImage, check_whole, decode
from mlcore.splits import joined_groups


@dataclass(frozen=True)
class Checked:
    """An image that can be part of the set, as the models' own code knows images, and where its bytes are."""

    sample: Sample
    source: SourceImage


def lock_test_set(
    *, assay: str, name: str, source: Source, locked_by: User | None = None, decodes: bool = False
) -> tuple[TestSet, bool]:
    """Make the assay's current test set of these images. The same images once more: the set that they are, False.

    `decodes` reads every image's pixels, as commands can; a web process sees from its structure whether it is whole.
    Raises InvalidTestSet, with nothing stored and the file named, when anything about it is wrong.
    """
    if locked_by is not None:
        administrators_only(locked_by)
    known = get_assay(assay)
    images = _checked(source, known, decodes=decodes)
    groups = joined_groups([image.sample for image in images])
    manifest = _manifest(known, images, groups)
    sha256 = hashlib.sha256(manifest).hexdigest()
    if TestSet.objects.filter(assay=assay, name=name).exclude(manifest_sha256=sha256).exists():
        raise InvalidTestSet(_("There is another test set of this name. Choose a name that tells them apart."))
    _store(images, manifest, only=lambda _digest: True)
    test_set, is_new = _record(known, name=name, images=images, groups=groups, sha256=sha256, locked_by=locked_by)
    # From here on rows refer to the files. What an erasure took away until a moment ago is stored once more.
    _store(images, manifest, only=lambda digest: not file_store.exists(digest))
    return test_set, is_new


@transaction.atomic
def _record(
    assay: Assay, *, name: str, images: list[Checked], groups: list[int], sha256: str, locked_by: User | None
) -> tuple[TestSet, bool]:
    samples = [image.sample for image in images]
    test_set, is_new = TestSet.objects.get_or_create(
        assay=assay.slug,
        manifest_sha256=sha256,
        defaults={
            "name": name,
            "images_by_class": dict(Counter(assay.classes[sample.label] for sample in samples)),
            "groups": len(set(groups)),
        },
    )
    if not is_new:
        return test_set, False
    TestImage.objects.bulk_create(
        TestImage(test_set=test_set, sha256=sample.digest, label=assay.classes[sample.label], group=group)
        for sample, group in zip(samples, groups, strict=True)
    )
    TestSet.objects.filter(pk=test_set.pk).update(locked_at=Now(), locked_by=locked_by)
    audit.record(
        actor=locked_by,
        action="test_set.locked",
        subject=test_set,
        assay=assay.slug,
        manifest_sha256=sha256,
        images=len(samples),
    )
    test_set.refresh_from_db()
    return test_set, True


def _checked(source: Source, assay: Assay, *, decodes: bool) -> list[Checked]:
    """Every image, by its digest and once; InvalidTestSet for the first that cannot be part of a test set."""
    if len(source.images) > MOST_IMAGES:
        raise InvalidTestSet(too_many())
    found: dict[str, Checked] = {}
    for image in source.images:
        sample = _sample(image, assay, decodes=decodes)
        twin = found.setdefault(sample.digest, Checked(sample, image))
        if twin.sample.label != sample.label:
            sentence = _("%(one)s and %(other)s are the same image, in the folders of two classes.")
            raise InvalidTestSet(sentence % {"one": twin.source.path, "other": image.path})
    _require_every_class(assay, found)
    return _grouped([found[digest] for digest in sorted(found)], source.groups, assay)


def _sample(image: SourceImage, assay: Assay, *, decodes: bool) -> Sample:
    label = class_index(image.path.parent.name, assay)
    if label is None:
        sentence = _("%(name)s is not in a folder named after a class: %(classes)s.")
        raise InvalidTestSet(sentence % {"name": image.path, "classes": ", ".join(assay.classes)})
    content = image.read()
    try:
        (decode if decodes else check_whole)(content, minimum_side=assay.minimum_side)
    except UnreadableImage as error:
        raise InvalidTestSet(f"{image.path}: {error.message}") from None
    digest = hashlib.sha256(content).hexdigest()
    return Sample(Path(image.path), label, digest, (f"sha256:{digest}",), held_out=True)


def _require_every_class(assay: Assay, found: dict[str, Checked]) -> None:
    present = {checked.sample.label for checked in found.values()}
    missing = [name for index, name in enumerate(assay.classes) if index not in present]
    if missing:
        sentence = _("There is no image of the class %(classes)s: a test set needs every class.")
        raise InvalidTestSet(sentence % {"classes": ", ".join(missing)})


def _grouped(images: list[Checked], table: Path | None, assay: Assay) -> list[Checked]:
    if table is None:
        return images
    try:
        groups = GroupTable(table, same_class=lambda one, other: class_index(one, assay) == class_index(other, assay))
        named = [groups.groups(image.sample.path) or () for image in images]
    except InvalidTable as error:
        raise InvalidTestSet(str(error).replace(f"{table}", table.name)) from None
    if not any(named):
        raise InvalidTestSet(_("groups.csv gives no group to any of the images."))
    return [
        replace(image, sample=replace(image.sample, groups=image.sample.groups + keys))
        for image, keys in zip(images, named, strict=True)
    ]


def _manifest(assay: Assay, images: list[Checked], groups: list[int]) -> bytes:
    """A line for each image: digest, class, group. The same images and groups give the same bytes."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("sha256", "class", "group"))
    for image, group in zip(images, groups, strict=True):
        lines.writerow((image.sample.digest, assay.classes[image.sample.label], group))
    return text.getvalue().encode()


def _store(images: list[Checked], manifest: bytes, *, only: Callable[[str], bool]) -> None:
    for image in images:
        if only(image.sample.digest):
            file_store.put(image.source.read())
    if only(hashlib.sha256(manifest).hexdigest()):
        file_store.put(manifest)
