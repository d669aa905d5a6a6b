"""Train, validation and test sets that share no group: no patient, block or duplicate is on two sides."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlcore.datasets import Dataset, InvalidDataset, Sample


@dataclass(frozen=True, slots=True)
class Split:
    """Three sets of images; `groups` gives each sample's joined group by its path."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    dropped: int  # images of the training folder that share a group with the test folder


def joined_groups(samples: Sequence[Sample]) -> list[int]:
    """A number for each sample: equal numbers for samples that share a group, directly or through others."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for sample in samples:
        first = root(sample.groups[0])
        for other in sample.groups[1:]:
            parent[root(other)] = first
            first = root(first)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(root(sample.groups[0]), len(numbers)) for sample in samples]


def grouping_words(samples: Sequence[Sample]) -> list[str]:
    """What makes two of these images one group, in words."""
    named = {"sha256": "the file's content", "near_duplicate_group": "near duplicates"}
    keys = {key.split(":")[0] for sample in samples for key in sample.groups}
    return [named.get(key, key) for key in sorted(keys)]


def split_dataset(dataset: Dataset, *, seed: int, validation: float = 0.15, test: float = 0.15) -> Split:
    """Split by groups, each class by the same shares; a folder testSet is the test set as it stands."""
    samples = dataset.samples
    groups = joined_groups(samples)
    tested = {group for sample, group in zip(samples, groups, strict=True) if sample.held_out}
    if tested:
        test = 0.0
    rng = np.random.default_rng(seed)
    open_samples = [(sample, group) for sample, group in zip(samples, groups, strict=True) if group not in tested]
    side = _assign(open_samples, rng, {"test": test, "validation": validation})
    parts: dict[str, list[Sample]] = defaultdict(list)
    for sample, group in open_samples:
        parts[side[group]].append(sample)
    parts["test"] += [sample for sample in samples if sample.held_out]
    split = Split(
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        dropped=len(samples) - sum(len(part) for part in parts.values()),
    )
    _require_every_class(dataset, split)
    return split


def by_image(dataset: Dataset) -> Dataset:
    """The same images without their patients, blocks and given test set, for the random split of many papers.

    It puts images of one patient on both sides: its figures flatter, and serve for comparison with papers alone.
    """
    samples = tuple(replace(sample, groups=sample.groups[:1], held_out=False) for sample in dataset.samples)
    return replace(dataset, samples=samples)


@dataclass(frozen=True, slots=True)
class Round:
    """What one network learns from, and what it is then judged and calibrated on."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]


def rounds(split: Split, *, members: int, seed: int) -> tuple[Round, ...]:
    """A round for each member: a single network has the split's own sets, a committee cross-validates.

    Each of a committee's members leaves out another part of the groups, so that every image of the training and
    validation sets is judged by a network that never saw it or its like.
    """
    if members == 1:
        return (Round(split.train, split.validation),)
    samples = (*split.train, *split.validation)
    part = _parts(samples, members, np.random.default_rng(seed))
    found = tuple(
        Round(
            train=tuple(sample for sample, number in zip(samples, part, strict=True) if number != left_out),
            validation=tuple(sample for sample, number in zip(samples, part, strict=True) if number == left_out),
        )
        for left_out in range(members)
    )
    labels = {sample.label for sample in samples}
    if any({sample.label for sample in side} != labels for each in found for side in (each.train, each.validation)):
        raise InvalidDataset(f"too few groups: {members} parts of them cannot all hold every class")
    return found


def _parts(samples: Sequence[Sample], count: int, rng: np.random.Generator) -> list[int]:
    """Each sample's part: groups in random order go where their main class has the fewest images so far."""
    groups = joined_groups(samples)
    content: dict[int, Counter[int]] = defaultdict(Counter)
    for sample, group in zip(samples, groups, strict=True):
        content[group][sample.label] += 1
    filled: list[Counter[int]] = [Counter() for _ in range(count)]
    parts: dict[int, int] = {}
    for group in rng.permutation(sorted(content)).tolist():
        main = content[group].most_common(1)[0][0]
        parts[group] = min(range(count), key=lambda number: (filled[number][main], filled[number].total()))
        filled[parts[group]].update(content[group])
    return [parts[group] for group in groups]


def _assign(
    samples: Sequence[tuple[Sample, int]], rng: np.random.Generator, shares: dict[str, float]
) -> dict[int, str]:
    """Each group's side: groups in random order go where their main class is furthest below its share."""
    content: dict[int, Counter[int]] = defaultdict(Counter)
    for sample, group in samples:
        content[group][sample.label] += 1
    totals: Counter[int] = Counter(sample.label for sample, _ in samples)
    filled: dict[str, Counter[int]] = {side: Counter() for side in shares}
    sides: dict[int, str] = {}
    for group in rng.permutation(sorted(content)).tolist():
        main, count = content[group].most_common(1)[0]
        sides[group] = "train"
        for side, share in shares.items():
            wanted = share * totals[main]
            if filled[side][main] + count / 2 <= wanted:
                sides[group] = side
                filled[side].update(content[group])
                break
    return sides


def _require_every_class(dataset: Dataset, split: Split) -> None:
    for name, part in (("training", split.train), ("validation", split.validation), ("test", split.test)):
        present = {sample.label for sample in part}
        missing = [label for index, label in enumerate(dataset.assay.classes) if index not in present]
        if missing:
            raise InvalidDataset(
                f"too few groups: no image of the class {', '.join(missing)} is left for the {name} set"
            )
