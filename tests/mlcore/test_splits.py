"""Train, validation and test sets: nothing that belongs together is ever parted."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.assays import get_assay
from mlcore.datasets import Dataset, InvalidDataset, Sample
from mlcore.splits import joined_groups, split_dataset

BREAST = get_assay("breast")


def dataset(rows: list[tuple[int, int, int]], *, held_out: int = 0) -> Dataset:
    """Images by class, content and patient; the last ones are the folder testSet."""
    samples = [
        Sample(Path(f"{number}.png"), label, str(content), (f"sha256:{content}", f"patient:{patient}"), held_out=False)
        for number, (label, content, patient) in enumerate(rows)
    ]
    tested = [Sample(s.path, s.label, s.digest, s.groups, held_out=True) for s in samples[len(samples) - held_out :]]
    return Dataset(assay=BREAST, samples=(*samples[: len(samples) - held_out], *tested), skipped=())


ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60), st.integers(0, 30)), min_size=40, max_size=120)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, held_out=st.integers(0, 20), seed=st.integers(0, 5))
def test_no_content_and_no_patient_is_on_two_sides(rows: list[tuple[int, int, int]], held_out: int, seed: int) -> None:
    try:
        split = split_dataset(dataset(rows, held_out=held_out), seed=seed)
    except InvalidDataset:
        return
    sides = [{key for sample in part for key in sample.groups} for part in (split.train, split.validation, split.test)]

    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert len(split.train) + len(split.validation) + len(split.test) + split.dropped == len(rows)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_joined_groups_are_those_that_share_a_key(rows: list[tuple[int, int, int]]) -> None:
    samples = dataset(rows).samples
    numbers = joined_groups(samples)

    for one, first in zip(samples, numbers, strict=True):
        for other, second in zip(samples, numbers, strict=True):
            if set(one.groups) & set(other.groups):
                assert first == second


def test_each_class_is_split_by_the_same_shares() -> None:
    rows = [(number % 5 == 0, number, number) for number in range(1000)]

    split = split_dataset(dataset([(int(label), content, patient) for label, content, patient in rows]), seed=1)

    for part, share in ((split.validation, 0.15), (split.test, 0.15), (split.train, 0.7)):
        for label, total in ((0, 800), (1, 200)):
            assert np.isclose(sum(sample.label == label for sample in part), share * total, atol=2)


def test_a_test_set_of_its_own_stays_as_it_is() -> None:
    rows = [(number % 2, number, number) for number in range(100)]

    split = split_dataset(dataset(rows, held_out=20), seed=1)

    assert [sample.path.name for sample in split.test] == [f"{number}.png" for number in range(80, 100)]
    assert split.dropped == 0


def test_training_images_of_a_tested_patient_are_left_out() -> None:
    rows = [(number % 2, number, number % 90) for number in range(100)]  # 90 to 99 are patients 0 to 9 again

    split = split_dataset(dataset(rows, held_out=10), seed=1)

    assert split.dropped == 10


def test_one_group_alone_cannot_be_split() -> None:
    with pytest.raises(InvalidDataset, match="too few groups"):
        split_dataset(dataset([(number % 2, number, 1) for number in range(50)]), seed=1)
