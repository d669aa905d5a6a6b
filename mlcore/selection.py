"""Which images of a folder to measure a model on, and what must be said about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlcore.datasets import Dataset, InvalidDataset, Sample
from mlcore.manifest import Manifest
from mlcore.splits import Split, grouping_words, joined_groups, split_dataset


@dataclass(frozen=True, slots=True)
class Selection:
    """The images to measure; `part` says in words which they are.

    `reference` are images of the same folder that share no group with them, to fit the colour-only reference on;
    without any it has to make do with folds. `warnings` are sentences that belong beside every figure.
    """

    samples: tuple[Sample, ...]
    reference: tuple[Sample, ...]
    part: str
    warnings: tuple[str, ...]

    @property
    def grouped_by(self) -> list[str]:
        """What makes two images one group."""
        return grouping_words(self.samples)


def select(dataset: Dataset, manifest: Manifest, *, test_groups_only: bool = False) -> Selection:
    """A folder's testSet where it has one; else all images, or those of the groups the model left out of training.

    InvalidDataset when the left-out groups are asked for and cannot be told: the folder, or its table of groups, is
    not the one that the model was trained with.
    """
    known = _trained_with(dataset, manifest)
    held_out = tuple(sample for sample in dataset.samples if sample.held_out)
    if held_out:
        return _test_folder(dataset, held_out, known)
    if test_groups_only:
        if known is None:
            raise InvalidDataset(
                "which groups the model left out of training cannot be told: "
                "it was trained on other images, or with another table of groups"
            )
        return Selection(known.test, known.train, "the groups left out of training", _no_groups(known.test))
    warnings = _trained_on_these(dataset, manifest, known) + _no_groups(dataset.samples)
    return Selection(dataset.samples, (), "all images of the folder", warnings)


def _trained_with(dataset: Dataset, manifest: Manifest) -> Split | None:
    """The model's own split of this folder; None when it is not the folder that the model was trained with."""
    if dataset.digest != manifest.data.digest:
        return None
    try:
        split = split_dataset(dataset, seed=manifest.training.seed)
    except InvalidDataset:
        return None
    if manifest.architecture.members > 1:  # every image was learned from by all networks but one, and judged by that
        both = (*split.train, *split.validation)
        split = replace(split, train=both, validation=both)
    data = manifest.data
    for part, counts, name in (
        (split.train, data.train, "train"),
        (split.validation, data.validation, "validation"),
        (split.test, data.test, "test"),
    ):
        found = Counter(manifest.classes[sample.label] for sample in part)
        if found != Counter(counts) or len(set(joined_groups(part))) != data.groups[name]:
            return None
    return split


def _test_folder(dataset: Dataset, held_out: tuple[Sample, ...], known: Split | None) -> Selection:
    groups = joined_groups(dataset.samples)
    tested = {group for sample, group in zip(dataset.samples, groups, strict=True) if sample.held_out}
    rest = [(sample, group) for sample, group in zip(dataset.samples, groups, strict=True) if not sample.held_out]
    apart = tuple(sample for sample, group in rest if group not in tested)
    warnings = _no_groups(held_out)
    if shared := len(rest) - len(apart):
        warnings += (f"{shared} images of trainSet share a group with testSet: a model trained on them knows it.",)
    return Selection(held_out, known.train if known else apart, "the folder testSet", warnings)


def _trained_on_these(dataset: Dataset, manifest: Manifest, known: Split | None) -> tuple[str, ...]:
    if dataset.digest != manifest.data.digest:
        return ()
    if known is None:
        return ("The model was trained on images of this very folder: these figures flatter it.",)
    words = (
        f"The model was trained on {len(known.train)} of these {len(dataset.samples)} images and calibrated on "
        f"{len(known.validation)}: these figures flatter it. Measure the {len(known.test)} others with --part test."
    )
    return (words,)


def _no_groups(samples: Sequence[Sample]) -> tuple[str, ...]:
    if any(len(sample.groups) > 1 for sample in samples):
        return ()
    words = (
        "No groups were given, so every image counts as a group of its own: if several are of one patient, the "
        "intervals are too narrow."
    )
    return (words,)
