"""Tables to take away, as CSV or XLSX: a row at a time, and no cell that a spreadsheet would compute."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

# What makes a spreadsheet take a cell for a formula, some of it only after a line break or in full width.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MOST_ROWS_A_SHEET = 1_048_576  # with the headings
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

Row = Sequence[object]


class _Line:
    """A file for csv.writer that hands every line back."""

    def write(self, line: str) -> str:
        return line


def neutral(value: object) -> str:
    """A value as a cell's text. What would be a formula gets a leading apostrophe, which makes it words."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def csv_lines(headings: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180)."""
    writer = csv.writer(_Line())
    for row in chain([headings], rows):
        yield str(writer.writerow([neutral(value) for value in row]))


def write_xlsx(file: IO[bytes], headings: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a workbook of text cells; a sheet that is full is followed by another."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet, place = None, MOST_ROWS_A_SHEET
        for row in rows:
            if place == MOST_ROWS_A_SHEET:
                sheet, place = _new_sheet(book, headings), 1
            _write_row(sheet, place, row)
            place += 1
        if sheet is None:
            _new_sheet(book, headings)


def download(*, form: str, name: str, headings: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    """The table as a file named `name`, in the form `csv` or `xlsx`."""
    if form == "csv":
        lines = StreamingHttpResponse(csv_lines(headings, rows), content_type=TYPES[form])
        lines.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return lines
    file = TemporaryFile()  # noqa: SIM115  the answer closes it when it is sent
    write_xlsx(file, headings, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=TYPES[form])


def _new_sheet(book: xlsxwriter.Workbook, headings: Sequence[str]) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    _write_row(sheet, 0, headings)
    return sheet


def _write_row(sheet: xlsxwriter.worksheet.Worksheet, place: int, row: Row) -> None:
    for column, value in enumerate(row):
        sheet.write_string(place, column, "" if value is None else str(value))
