"""Folders of images, one a class, listed and checked; pixels are read when they are needed, never all at once."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlcore.assays import Assay
from mlcore.group_tables import GroupTable, InvalidTable
from mlcore.images import MESSAGES, UnreadableImage, decode

_TWO_CLASSES = "in_two_classes"
SKIPPED: Final = {**MESSAGES, _TWO_CLASSES: "The same image lies in the folders of two classes."}

_TRAIN, _TEST = "trainSet", "testSet"


class InvalidDataset(ValueError):
    """The folder cannot be learned from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image: where it is, its class (index into the assay's classes), its SHA-256 and the groups it is in.

    Images that share any group must never be on both sides of a split.
    """

    path: Path
    label: int
    digest: str
    groups: tuple[str, ...]
    held_out: bool  # from a folder named testSet


@dataclass(frozen=True, slots=True)
class Dataset:
    """The readable images of a folder, and the files that were skipped with the reason."""

    assay: Assay
    samples: tuple[Sample, ...]
    skipped: tuple[tuple[Path, str], ...]
    ungrouped: int = 0  # images that a given table of groups does not name

    @property
    def digest(self) -> str:
        """One digest over all images and their classes, whatever their names and order."""
        lines = sorted(f"{sample.digest} {sample.label}" for sample in self.samples)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load_dataset(root: Path, assay: Assay, *, groups: Path | None = None) -> Dataset:
    """List a data folder; `groups` is a CSV with a column `file` and patient, block or group columns.

    Recognised are a folder a class, named by class or by index, optionally under trainSet/ and testSet/. What cannot
    be read is skipped, and so are all copies of an image that lies in the folders of two classes: nobody knows which
    of them is right.
    """
    table = _read_table(groups, assay) if groups else None
    samples: list[Sample] = []
    skipped: list[tuple[Path, str]] = []
    try:
        for path, label, held_out in _files(root, assay):
            try:
                digest = _checked_digest(path, assay)
                samples.append(Sample(path, label, digest, (f"sha256:{digest}",), held_out))
            except UnreadableImage as error:
                skipped.append((path, error.code))
    except OSError as error:
        raise InvalidDataset(f"{error.filename or root} cannot be read: {error.strerror}") from error
    contradictory = _contradictory(samples)
    skipped += [(sample.path, _TWO_CLASSES) for sample in samples if sample.digest in contradictory]
    samples = [sample for sample in samples if sample.digest not in contradictory]
    _require_every_class(root, assay, samples, skipped=len(skipped))
    ungrouped = 0
    if table:
        samples, ungrouped = _grouped(samples, table)
    return Dataset(assay=assay, samples=tuple(samples), skipped=tuple(skipped), ungrouped=ungrouped)


def read_pixels(sample: Sample) -> NDArray[np.uint8]:
    """The image's upright 8-bit RGB pixels (H x W x 3); InvalidDataset when it is no longer what was listed."""
    try:
        data = sample.path.read_bytes()
    except OSError as error:
        raise InvalidDataset(f"{sample.path} can no longer be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sample.digest:
        raise InvalidDataset(f"{sample.path} has changed since the folder was listed")
    return decode(data)


def _checked_digest(path: Path, assay: Assay) -> str:
    try:
        data = path.read_bytes()
    except OSError:
        raise UnreadableImage("missing") from None
    decode(data, minimum_side=assay.minimum_side)
    return hashlib.sha256(data).hexdigest()


def _contradictory(samples: list[Sample]) -> set[str]:
    """The digests of images that are in the folders of two classes."""
    labels: dict[str, set[int]] = defaultdict(set)
    for sample in samples:
        labels[sample.digest].add(sample.label)
    return {digest for digest, found in labels.items() if len(found) > 1}


def _read_table(path: Path, assay: Assay) -> GroupTable:
    def same_class(one: str, other: str) -> bool:
        return class_index(one, assay) == class_index(other, assay) is not None

    try:
        return GroupTable(path, same_class=same_class)
    except InvalidTable as error:
        raise InvalidDataset(str(error)) from error


def _grouped(samples: list[Sample], table: GroupTable) -> tuple[list[Sample], int]:
    """The samples with their groups, and how many of them the table does not name."""
    try:
        found = [table.groups(sample.path.absolute()) for sample in samples]
    except InvalidTable as error:
        raise InvalidDataset(str(error)) from error
    if not any(found):
        raise InvalidDataset(f"{table.path} gives no group to any of the images")
    grouped = [replace(s, groups=s.groups + (keys or ())) for s, keys in zip(samples, found, strict=True)]
    return grouped, sum(not keys for keys in found)


def _files(root: Path, assay: Assay) -> Iterator[tuple[Path, int, bool]]:
    if not root.is_dir():
        raise InvalidDataset(f"{root} is not a folder" if root.exists() else f"there is no folder {root}")
    parts = [(root / _TRAIN, False), (root / _TEST, True)]
    present = [(folder, held_out) for folder, held_out in parts if folder.is_dir()]
    for folder, held_out in present or [(root, False)]:
        for child in sorted(folder.iterdir()):
            label = class_index(child.name, assay)
            if label is None or not child.is_dir():
                continue
            for path in sorted(child.iterdir()):
                if not path.is_dir() and not path.name.startswith("."):
                    yield path, label, held_out


def class_index(name: str, assay: Assay) -> int | None:
    """The class that a folder's name means, by name or by index; None when it means none."""
    names = {known.lower(): index for index, known in enumerate(assay.classes)}
    names |= {str(index): index for index in range(len(assay.classes))}
    return names.get(name.lower())


def _require_every_class(root: Path, assay: Assay, samples: list[Sample], *, skipped: int) -> None:
    others = f"; {skipped} files were skipped" if skipped else ""
    if not samples:
        names = ", ".join(assay.classes)
        raise InvalidDataset(f"{root} holds no readable image in folders named {names} or by index{others}")
    counts = Counter(sample.label for sample in samples)
    missing = [name for index, name in enumerate(assay.classes) if not counts[index]]
    if missing:
        raise InvalidDataset(f"{root} holds no readable image of the class {', '.join(missing)}{others}")
