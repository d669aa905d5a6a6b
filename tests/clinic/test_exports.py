"""Tables to take away hold words, never formulas, and are made a row at a time."""

import csv
import tracemalloc
import zipfile
from io import BytesIO, StringIO
from tempfile import TemporaryFile
from xml.etree import ElementTree

import pytest

from clinic import exports
from clinic.exports import csv_lines, neutral, write_xlsx

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("http://x","y")']
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(content: bytes, sheet: int = 1) -> list[list[str]]:
    """The texts of a workbook's sheet; an error when a cell holds anything but text."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314  our own file
    assert not list(root.iter(f"{MAIN}f"))
    rows = [list(row.iter(f"{MAIN}c")) for row in root.iter(f"{MAIN}row")]
    assert {cell.get("t") for row in rows for cell in row} == {"inlineStr"}
    return [["".join(cell.itertext()) for cell in row] for row in rows]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_csv_cell_that_would_be_a_formula_becomes_words(text: str) -> None:
    (row,) = csv.reader(StringIO("".join(csv_lines([text], [])), newline=""))
    assert row == [f"'{text}"]


@pytest.mark.parametrize("text", ["a=1", "1-2", "'quoted'", "", "ÄÖ", 'say "no", or\nnot', "a,b;c"])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text
    (_, row) = csv.reader(StringIO("".join(csv_lines(["heading"], [[text, None, 7]])), newline=""))
    assert row == [text, "", "7"]


def test_a_workbook_holds_text_alone() -> None:
    file = BytesIO()
    write_xlsx(file, ["heading"], [[text, None, 7, "http://link"] for text in ["=1+1", "-1", "@x", "0012"]])
    assert cells(file.getvalue()) == [["heading"]] + [
        [text, "", "7", "http://link"] for text in ["=1+1", "-1", "@x", "0012"]
    ]


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS_A_SHEET", 4)
    file = BytesIO()
    write_xlsx(file, ["heading"], [[number] for number in range(4)])
    assert cells(file.getvalue(), 1) == [["heading"], ["0"], ["1"], ["2"]]
    assert cells(file.getvalue(), 2) == [["heading"], ["3"]]


def test_an_empty_table_has_its_headings() -> None:
    file = BytesIO()
    write_xlsx(file, ["heading"], [])
    assert cells(file.getvalue()) == [["heading"]]


def test_a_long_table_takes_no_more_memory_than_a_short_one() -> None:
    tracemalloc.start()
    lines = csv_lines(["heading"], ([number, "x" * 100] for number in range(100_000)))
    assert sum(len(line) for line in lines) > 10_000_000
    with TemporaryFile() as file:
        write_xlsx(file, ["heading"], ([number, "x" * 100] for number in range(20_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
