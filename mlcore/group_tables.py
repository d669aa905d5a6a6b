"""Tables that say which images belong together: a CSV with the file's name and columns such as patient or block."""

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

GROUP_COLUMNS = ("patient", "block", "near_duplicate_group", "group")
_FILE, _CLASS, _SPLIT = "file", "class", "split"


class InvalidTable(ValueError):
    """The table of groups cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: the file's name, perhaps with folders before it, its class and split where given, and its groups."""

    file: tuple[str, ...]
    kind: str
    split: str
    groups: tuple[str, ...]


class GroupTable:
    """The groups of images by their path. `same_class` tells whether two names mean the same class."""

    def __init__(self, path: Path, *, same_class: Callable[[str, str], bool]) -> None:
        self.path = path
        self._same_class = same_class
        self._by_name: dict[str, list[_Row]] = defaultdict(list)
        for row in _rows(path):
            self._by_name[row.file[-1]].append(row)

    def groups(self, image: Path) -> tuple[str, ...] | None:
        """The groups of an image; None when no line is about it, InvalidTable when lines contradict each other."""
        rows = [row for row in self._by_name.get(image.name, ()) if self._fits(row, image)]
        # A folder testSet may be given alone: its name then stands above the data folder, or nowhere.
        rows = [row for row in rows if row.split in image.parts] or rows
        if len({row.groups for row in rows}) > 1:
            raise InvalidTable(
                f"{self.path} has several lines for {'/'.join(image.parts[-2:])}; tell them apart by a path "
                f"in the column {_FILE} or by a column {_CLASS}"
            )
        return rows[0].groups if rows else None

    def _fits(self, row: _Row, image: Path) -> bool:
        right_path = image.parts[-len(row.file) :] == row.file
        return right_path and (not row.kind or self._same_class(row.kind, image.parent.name))


def _rows(path: Path) -> list[_Row]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets write a mark before the first column
            table = csv.DictReader(file)
            names = table.fieldnames = [name.strip() for name in table.fieldnames or ()]
            lines = list(table)
    except OSError as error:
        raise InvalidTable(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidTable(f"{path} is not a CSV file in UTF-8") from error
    columns = [name for name in GROUP_COLUMNS if name in names]
    if _FILE not in names or not columns:
        raise InvalidTable(f"{path} needs a column {_FILE} and one of {', '.join(GROUP_COLUMNS)}")
    rows = [_row(line, columns) for line in lines]
    return [row for row in rows if row.file]


def _row(line: dict[str, str | None], columns: Sequence[str]) -> _Row:
    def cell(name: str) -> str:
        return (line.get(name) or "").strip()

    return _Row(
        file=PurePosixPath(cell(_FILE).replace("\\", "/")).parts,
        kind=cell(_CLASS),
        split=cell(_SPLIT),
        groups=tuple(f"{column}:{cell(column)}" for column in columns if cell(column)),
    )
