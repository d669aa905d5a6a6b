"""Tables of groups: every way of naming an image, and everything that can be wrong with one."""

from pathlib import Path

import pytest

from mlcore.assays import get_assay
from mlcore.datasets import Dataset, InvalidDataset, load_dataset
from mlcore.overlays import encode_png
from mlcore.synthetic import draw_tissue

BREAST = get_assay("breast")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two files of the same names in both classes."""
    for label, kind in enumerate(("Benign", "Malignant")):
        folder = tmp_path / "data" / str(label)
        folder.mkdir(parents=True)
        for seed in (1, 2):
            (folder / f"{seed}.png").write_bytes(encode_png(draw_tissue(kind, seed)))
    return tmp_path / "data"


def load(data: Path, table: str | bytes) -> Dataset:
    path = data.parent / "groups.csv"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return load_dataset(data, BREAST, groups=path)


def groups(dataset: Dataset) -> list[str]:
    """The groups of 0/1.png, 0/2.png, 1/1.png and 1/2.png, the file's content left out."""
    return [",".join(sample.groups[1:]) for sample in dataset.samples]


def test_a_path_tells_files_of_the_same_name_apart(data: Path) -> None:
    found = load(data, "file,patient\n0/1.png,A\n0\\2.png,B\n1/1.png,C\ndata/1/2.png,D\n")

    assert groups(found) == ["patient:A", "patient:B", "patient:C", "patient:D"]
    assert found.ungrouped == 0


def test_a_column_class_tells_files_of_the_same_name_apart(data: Path) -> None:
    table = "class,file,patient\nBenign,1.png,A\n0,2.png,B\nmalignant,1.png,C\n1,2.png,D\n"

    assert groups(load(data, table)) == ["patient:A", "patient:B", "patient:C", "patient:D"]


def test_a_column_split_tells_them_apart_but_need_not_be_in_the_path(data: Path) -> None:
    table = "split,class,file,patient\ntestSet,0,1.png,A\ntrainSet,0,1.png,B\ntestSet,1,2.png,C\n"
    both = data.parent / "both"
    both.mkdir()
    data.rename(both / "trainSet")

    assert groups(load(both, table)) == ["patient:B", "", "", "patient:C"]


def test_lines_that_contradict_each_other_are_refused(data: Path) -> None:
    with pytest.raises(InvalidDataset, match="several lines for"):
        load(data, "file,patient\n1.png,A\n1.png,B\n")


def test_it_counts_images_without_a_group(data: Path) -> None:
    found = load(data, "file,patient,block\n0/1.png,A,\n0/2.png,,\nelsewhere.png,Z,9\n")

    assert groups(found) == ["patient:A", "", "", ""]
    assert found.ungrouped == 3


def test_it_reads_what_spreadsheets_write(data: Path) -> None:
    table = "\ufefffile , patient\r\n0/1.png, A \r\n0/2.png\r\n"

    assert groups(load(data, table)) == ["patient:A", "", "", ""]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "needs a column"),
        ("file,colour\n1.png,red\n", "needs a column"),
        ("name,patient\n1.png,A\n", "needs a column"),
        ("file;patient\n1.png;A\n", "needs a column"),
        (b"file,patient\n1.png,M\xfcller\n", "not a CSV file in UTF-8"),
        ("file,patient\nother.png,A\n", "no group"),
        ("file,patient\n,A\n", "no group"),
    ],
)
def test_it_refuses_a_table_that_is_no_help(data: Path, table: str | bytes, words: str) -> None:
    with pytest.raises(InvalidDataset, match=words):
        load(data, table)


def test_it_refuses_a_table_that_is_not_there(data: Path) -> None:
    with pytest.raises(InvalidDataset, match=r"none\.csv cannot be read"):
        load_dataset(data, BREAST, groups=data / "none.csv")
