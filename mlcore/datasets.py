"""Folders of images, one a class, listed and checked; pixels are read when they are needed, never all at once."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlcore.assays import Assay
from mlcore.images import UnreadableImage, decode

_GROUP_COLUMNS = ("patient", "block", "near_duplicate_group", "group")
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

    @property
    def digest(self) -> str:
        """One digest over all images and their classes, whatever their names and order."""
        lines = sorted(f"{sample.digest} {sample.label}" for sample in self.samples)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load_dataset(root: Path, assay: Assay, *, groups: Path | None = None) -> Dataset:
    """List a data folder; `groups` is a CSV with a column `file` and patient, block or group columns.

    Recognised are a folder a class, named by class or by index, optionally under trainSet/ and testSet/.
    """
    if not root.is_dir():
        raise InvalidDataset(f"{root} is not a folder")
    table = _read_groups(groups) if groups else {}
    samples: list[Sample] = []
    skipped: list[tuple[Path, str]] = []
    for path, label, held_out in _files(root, assay):
        try:
            digest = _checked_digest(path, assay)
        except UnreadableImage as error:
            skipped.append((path, error.code))
            continue
        keys = table.get(path.name) or ()
        samples.append(Sample(path, label, digest, (f"sha256:{digest}", *keys), held_out))
    _require_every_class(root, assay, samples)
    return Dataset(assay=assay, samples=tuple(samples), skipped=tuple(skipped))


def _checked_digest(path: Path, assay: Assay) -> str:
    data = path.read_bytes()
    decode(data, minimum_side=assay.minimum_side)
    return hashlib.sha256(data).hexdigest()


def _files(root: Path, assay: Assay) -> Iterator[tuple[Path, int, bool]]:
    parts = [(root / _TRAIN, False), (root / _TEST, True)]
    present = [(folder, held_out) for folder, held_out in parts if folder.is_dir()]
    for folder, held_out in present or [(root, False)]:
        for child in sorted(folder.iterdir()):
            label = _label(child.name, assay)
            if label is None or not child.is_dir():
                continue
            for path in sorted(child.iterdir()):
                if path.is_file() and not path.name.startswith("."):
                    yield path, label, held_out


def _label(name: str, assay: Assay) -> int | None:
    if name.isdigit() and int(name) < len(assay.classes):
        return int(name)
    by_name = {known.lower(): index for index, known in enumerate(assay.classes)}
    return by_name.get(name.lower())


def _require_every_class(root: Path, assay: Assay, samples: list[Sample]) -> None:
    if not samples:
        raise InvalidDataset(f"{root} holds no readable image in folders named {', '.join(assay.classes)} or by index")
    counts = Counter(sample.label for sample in samples)
    missing = [name for index, name in enumerate(assay.classes) if not counts[index]]
    if missing:
        raise InvalidDataset(f"{root} holds no readable image of the class {', '.join(missing)}")


def _read_groups(path: Path) -> dict[str, tuple[str, ...]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in _GROUP_COLUMNS if rows and name in rows[0]]
    if not rows or "file" not in rows[0] or not columns:
        raise InvalidDataset(f"{path} needs a column file and one of {', '.join(_GROUP_COLUMNS)}")
    return {row["file"]: tuple(f"{column}:{row[column]}" for column in columns if row[column].strip()) for row in rows}
