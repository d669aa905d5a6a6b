"""Which images a model is measured on, and the warnings that go with them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlcore.assays import get_assay
from mlcore.datasets import Dataset, InvalidDataset, Sample
from mlcore.manifest import Manifest
from mlcore.selection import select
from mlcore.splits import Split, joined_groups, split_dataset
from tests.mlcore import bundles

SEED = 1


def sample(number: int, *, patient: int | None = None, held_out: bool = False) -> Sample:
    groups = (f"sha256:{number}", *(() if patient is None else (f"patient:{patient}",)))
    return Sample(Path(f"{number}.png"), number % 2, str(number), groups, held_out)


def folder(*samples: Sample) -> Dataset:
    return Dataset(assay=get_assay("breast"), samples=samples, skipped=())


@pytest.fixture
def trained_with() -> Dataset:
    """The folder a model was trained with: 60 patients with two images each."""
    return folder(*(sample(number, patient=number // 2) for number in range(120)))


@pytest.fixture
def split(trained_with: Dataset) -> Split:
    return split_dataset(trained_with, seed=SEED)


@pytest.fixture
def manifest(trained_with: Dataset, split: Split) -> Manifest:
    """What that model's bundle says."""
    bare = bundles.manifest()
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    train, validation, test = (
        {kind: sum(s.label == label for s in part) for label, kind in enumerate(bare.classes)}
        for part in parts.values()
    )
    groups = {name: len(set(joined_groups(part))) for name, part in parts.items()}
    data = replace(bare.data, digest=trained_with.digest, train=train, validation=validation, test=test, groups=groups)
    alone = replace(bare.architecture, members=1)
    return replace(bare, architecture=alone, data=data, training=replace(bare.training, seed=SEED))


def test_strange_images_are_all_measured(manifest: Manifest) -> None:
    strange = folder(*(sample(number, patient=number) for number in range(500, 520)))

    found = select(strange, manifest)

    assert found.samples == strange.samples
    assert found.warnings == ()
    assert found.grouped_by == ["patient", "the file's content"]


def test_it_warns_of_images_that_the_model_was_trained_on(
    trained_with: Dataset, split: Split, manifest: Manifest
) -> None:
    found = select(trained_with, manifest)

    assert found.samples == trained_with.samples
    (warning,) = found.warnings
    assert f"trained on {len(split.train)} of these 120 images" in warning
    assert f"the {len(split.test)} others" in warning


def test_it_warns_too_when_the_split_cannot_be_made_again(trained_with: Dataset, manifest: Manifest) -> None:
    ungrouped = folder(*(replace(one, groups=one.groups[:1]) for one in trained_with.samples))

    found = select(ungrouped, manifest)

    assert "trained on images of this very folder" in found.warnings[0]


def test_it_finds_the_groups_that_were_left_out(trained_with: Dataset, split: Split, manifest: Manifest) -> None:
    found = select(trained_with, manifest, test_groups_only=True)

    assert found.samples == split.test
    assert found.reference == split.train
    assert found.warnings == ()


def test_it_refuses_to_guess_which_groups_were_left_out(trained_with: Dataset, manifest: Manifest) -> None:
    one_more = folder(*trained_with.samples, sample(1000))

    with pytest.raises(InvalidDataset, match="cannot be told"):
        select(one_more, manifest, test_groups_only=True)


def test_a_test_folder_is_what_is_measured_and_the_rest_is_for_reference(manifest: Manifest) -> None:
    train = [sample(number, patient=number) for number in range(10)]
    test = [sample(number, patient=number, held_out=True) for number in range(50, 60)]

    found = select(folder(*train, *test), manifest)

    assert found.samples == tuple(test)
    assert found.reference == tuple(train)
    assert found.warnings == ()


def test_it_warns_of_a_test_folder_that_shares_patients(manifest: Manifest) -> None:
    train = [sample(number, patient=number) for number in range(10)]
    test = [sample(number, patient=number - 50, held_out=True) for number in range(50, 53)]

    found = select(folder(*train, *test), manifest)

    assert found.reference == tuple(train[3:])
    assert "3 images of trainSet share a group" in found.warnings[0]


def test_it_warns_that_intervals_without_groups_are_too_narrow(manifest: Manifest) -> None:
    found = select(folder(*(sample(number) for number in range(500, 520))), manifest)

    assert "intervals are too narrow" in found.warnings[0]
