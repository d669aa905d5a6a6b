"""No patient, block or duplicate is on two sides: of the split, and of a committee's rounds."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlcore.assays import get_assay
from mlcore.datasets import Dataset, InvalidDataset, Sample
from mlcore.splits import by_image, joined_groups, rounds, split_dataset

BREAST = get_assay("breast")


def dataset(patients: int, each: int = 6) -> Dataset:
    """Patients with benign and malignant patches; each patch is also its own content."""
    samples = tuple(
        Sample(Path(f"{p}-{n}.png"), n % 2, f"{p}-{n}", (f"sha256:{p}-{n}", f"patient:{p}"), held_out=False)
        for p in range(patients)
        for n in range(each)
    )
    return Dataset(assay=BREAST, samples=samples, skipped=())


def groups_of(samples: tuple[Sample, ...]) -> set[str]:
    return {sample.groups[1] for sample in samples}


def test_the_three_sets_share_no_group() -> None:
    split = split_dataset(dataset(40), seed=1)

    sides = [groups_of(side) for side in (split.train, split.validation, split.test)]
    assert all(sides)
    assert sum(len(side) for side in sides) == len(set().union(*sides)) == 40


def test_a_split_by_image_puts_patients_on_several_sides_but_no_copy() -> None:
    copies = dataset(12)
    held_out = tuple(replace(sample, held_out=sample.path.name.startswith("11-")) for sample in copies.samples)

    split = split_dataset(by_image(replace(copies, samples=held_out)), seed=1)

    assert {sample.groups[1:] for sample in split.train} == {()}
    patients = [{sample.path.name.split("-")[0] for sample in side} for side in (split.train, split.test)]
    assert patients[0] & patients[1]
    assert 0 < len(split.test) < len(copies.samples) / 3


def test_every_image_is_judged_once_by_a_network_that_never_saw_its_group() -> None:
    split = split_dataset(dataset(40), seed=1)

    found = rounds(split, members=4, seed=1)

    judged = [sample.path for each in found for sample in each.validation]
    assert sorted(judged) == sorted(sample.path for sample in (*split.train, *split.validation))
    for each in found:
        assert not groups_of(each.train) & groups_of(each.validation)
        assert len(each.train) + len(each.validation) == len(judged)
        assert len(each.validation) == pytest.approx(len(judged) / 4, abs=6)
        assert not groups_of(each.train) & groups_of(split.test)


def test_a_network_alone_keeps_the_splits_own_sets() -> None:
    split = split_dataset(dataset(40), seed=1)

    (only,) = rounds(split, members=1, seed=1)

    assert (only.train, only.validation) == (split.train, split.validation)


def test_the_same_seed_gives_the_same_rounds() -> None:
    split = split_dataset(dataset(40), seed=1)

    assert rounds(split, members=3, seed=5) == rounds(split, members=3, seed=5)
    assert rounds(split, members=3, seed=5) != rounds(split, members=3, seed=6)


def test_too_few_groups_for_a_committee_are_refused() -> None:
    split = split_dataset(dataset(4), seed=1)

    with pytest.raises(InvalidDataset, match="too few groups"):
        rounds(split, members=8, seed=1)


def test_groups_that_share_an_image_are_one() -> None:
    shared = [
        Sample(Path("a"), 0, "x", ("sha256:x", "patient:1"), held_out=False),
        Sample(Path("b"), 0, "x", ("sha256:x", "patient:2"), held_out=False),
        Sample(Path("c"), 1, "y", ("sha256:y", "patient:2"), held_out=False),
        Sample(Path("d"), 1, "z", ("sha256:z", "patient:3"), held_out=False),
    ]

    assert joined_groups(shared) == [0, 0, 0, 1]
