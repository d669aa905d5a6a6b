"""Folders of images: both layouts, and everything that can be wrong with one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mlcore.assays import get_assay
from mlcore.datasets import InvalidDataset, load_dataset, read_pixels
from mlcore.overlays import encode_png
from mlcore.splits import joined_groups, split_dataset
from mlcore.synthetic import draw_tissue

BREAST = get_assay("breast")


def fill(folder: Path, kind: str, count: int, *, start: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(start, start + count):
        (folder / f"{kind}-{seed}.png").write_bytes(encode_png(draw_tissue(kind, seed)))


def write_groups(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("file,patient\n" + "".join(f"{file},{patient}\n" for file, patient in rows))
    return path


@pytest.mark.parametrize("names", [("Benign", "Malignant"), ("benign", "MALIGNANT"), ("0", "1")])
def test_it_takes_a_folder_a_class(tmp_path: Path, names: tuple[str, str]) -> None:
    fill(tmp_path / names[0], "Benign", 3)
    fill(tmp_path / names[1], "Malignant", 4)

    dataset = load_dataset(tmp_path, BREAST)

    assert sorted(sample.label for sample in dataset.samples) == [0] * 3 + [1] * 4
    assert not any(sample.held_out for sample in dataset.samples)


def test_it_takes_train_and_test_sets(tmp_path: Path) -> None:
    for part, start in (("trainSet", 0), ("testSet", 100)):
        fill(tmp_path / part / "0", "Benign", 8, start=start)
        fill(tmp_path / part / "1", "Malignant", 8, start=start)

    split = split_dataset(load_dataset(tmp_path, BREAST), seed=1)

    assert len(split.test) == 16
    assert all("testSet" in sample.path.parts for sample in split.test)
    assert all("trainSet" in sample.path.parts for sample in split.train + split.validation)


def test_it_lists_unreadable_files_and_goes_on(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 2)
    fill(tmp_path / "1", "Malignant", 2)
    (tmp_path / "0" / "empty.png").write_bytes(b"")
    (tmp_path / "1" / "notes.txt").write_text("not an image")
    (tmp_path / "1" / "dot.png").write_bytes(encode_png(np.zeros((1, 1, 3), np.uint8)))

    dataset = load_dataset(tmp_path, BREAST)

    assert len(dataset.samples) == 4
    assert {path.name: code for path, code in dataset.skipped} == {
        "empty.png": "empty",
        "notes.txt": "not_an_image",
        "dot.png": "too_small",
    }


def test_it_skips_links_to_nothing_and_goes_on(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 1)
    fill(tmp_path / "1", "Malignant", 1)
    (tmp_path / "0" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "0" / "folder").mkdir()
    (tmp_path / "²").mkdir()

    dataset = load_dataset(tmp_path, BREAST)

    assert len(dataset.samples) == 2
    assert [(path.name, code) for path, code in dataset.skipped] == [("gone.png", "missing")]


def test_it_leaves_out_an_image_that_is_in_two_classes(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 3)
    fill(tmp_path / "1", "Malignant", 3)
    (tmp_path / "1" / "also.png").write_bytes((tmp_path / "0" / "Benign-0.png").read_bytes())

    dataset = load_dataset(tmp_path, BREAST)

    assert len(dataset.samples) == 5
    assert {path.name: code for path, code in dataset.skipped} == {
        "Benign-0.png": "in_two_classes",
        "also.png": "in_two_classes",
    }


def test_it_refuses_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(InvalidDataset, match="is not a folder"):
        load_dataset(tmp_path / "file", BREAST)


def test_it_notices_an_image_that_changed_after_it_was_listed(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 1)
    fill(tmp_path / "1", "Malignant", 1)
    first, second = load_dataset(tmp_path, BREAST).samples
    assert read_pixels(first).shape == (50, 50, 3)

    first.path.write_bytes(second.path.read_bytes())
    with pytest.raises(InvalidDataset, match="has changed"):
        read_pixels(first)
    first.path.unlink()
    with pytest.raises(InvalidDataset, match="can no longer be read"):
        read_pixels(first)


def test_it_takes_mixed_sizes(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 2)
    fill(tmp_path / "1", "Malignant", 1)
    larger = np.asarray(cv2.resize(draw_tissue("Malignant", 9), (300, 200)), dtype=np.uint8)
    (tmp_path / "1" / "large.png").write_bytes(encode_png(larger))

    assert len(load_dataset(tmp_path, BREAST).samples) == 4


def test_it_refuses_what_cannot_be_learned_from(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="there is no folder"):
        load_dataset(tmp_path / "none", BREAST)
    with pytest.raises(InvalidDataset, match="no readable image"):
        load_dataset(tmp_path, BREAST)
    fill(tmp_path / "0", "Benign", 3)
    with pytest.raises(InvalidDataset, match="Malignant"):
        load_dataset(tmp_path, BREAST)
    (tmp_path / "1").mkdir()
    with pytest.raises(InvalidDataset, match="Malignant"):
        load_dataset(tmp_path, BREAST)
    (tmp_path / "1" / "bad.png").write_bytes(b"")
    with pytest.raises(InvalidDataset, match="Malignant; 1 files were skipped"):
        load_dataset(tmp_path, BREAST)


def test_it_refuses_to_split_too_few_groups(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 2)
    fill(tmp_path / "1", "Malignant", 2)

    with pytest.raises(InvalidDataset, match="too few groups"):
        split_dataset(load_dataset(tmp_path, BREAST), seed=1)


def test_no_group_is_on_two_sides(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 40)
    fill(tmp_path / "1", "Malignant", 40)
    rows = [(f"{kind}-{seed}.png", f"p{seed // 4}") for kind in ("Benign", "Malignant") for seed in range(40)]
    dataset = load_dataset(tmp_path, BREAST, groups=write_groups(tmp_path / "groups.csv", rows))

    split = split_dataset(dataset, seed=1)

    patients = [{key for s in part for key in s.groups} for part in (split.train, split.validation, split.test)]
    assert not patients[0] & patients[1]
    assert not patients[0] & patients[2]
    assert not patients[1] & patients[2]
    assert len(split.train) > len(split.validation) > 0


def test_groups_join_through_others(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 3)
    fill(tmp_path / "1", "Malignant", 1)
    table = tmp_path / "groups.csv"
    table.write_text("file,block,near_duplicate_group\nBenign-0.png,a,x\nBenign-1.png,b,x\nBenign-2.png,b,\n")

    groups = joined_groups(load_dataset(tmp_path, BREAST, groups=table).samples)

    assert len(set(groups[:3])) == 1
    assert groups[3] not in groups[:3]


def test_equal_files_are_never_on_two_sides(tmp_path: Path) -> None:
    fill(tmp_path / "trainSet" / "0", "Benign", 8)
    fill(tmp_path / "trainSet" / "1", "Malignant", 8)
    fill(tmp_path / "testSet" / "0", "Benign", 2)
    fill(tmp_path / "testSet" / "1", "Malignant", 2)

    split = split_dataset(load_dataset(tmp_path, BREAST), seed=1)

    assert split.dropped == 4
    assert not {s.digest for s in split.test} & {s.digest for s in split.train + split.validation}


def test_the_same_seed_gives_the_same_split(tmp_path: Path) -> None:
    fill(tmp_path / "0", "Benign", 20)
    fill(tmp_path / "1", "Malignant", 20)
    dataset = load_dataset(tmp_path, BREAST)

    assert split_dataset(dataset, seed=3) == split_dataset(dataset, seed=3)
    assert split_dataset(dataset, seed=3) != split_dataset(dataset, seed=4)


def test_the_digest_knows_images_and_classes_but_not_names(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "0", "Benign", 2)
    fill(tmp_path / "a" / "1", "Malignant", 2)
    fill(tmp_path / "b" / "Benign", "Benign", 2)
    fill(tmp_path / "b" / "Malignant", "Malignant", 2)
    (tmp_path / "b" / "Benign" / "Benign-0.png").rename(tmp_path / "b" / "Benign" / "other.png")
    fill(tmp_path / "c" / "0", "Malignant", 2)
    fill(tmp_path / "c" / "1", "Benign", 2)

    a, b, c = (load_dataset(tmp_path / name, BREAST).digest for name in "abc")

    assert a == b != c
