"""A list as a file: a workbook (xlsx) or a CSV, row by row, so that memory does not grow with the list.

Promises: codes (identity numbers, telephones) are text digit for digit; numbers are numbers; no text is ever run as a formula, in the workbook
because it is a string cell, in the CSV because it is disarmed; every file says who took it out, when, and under which row of the trail.
The file that comes back has no name on any disk: when its reader closes it, or dies, it is gone. Leaves to others: which rows.
"""

import csv
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from server.exports.about import About
from server.exports.cells import disarmed, is_formula, value_of
from server.exports.reading import Reading
from server.lists.listing import Column
from server.words import word

MOST_ROWS = 1_000_000
"""Rows of a workbook's sheet, rounded down; a CSV has no such end."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

_PREFIX = "export-"
_LEFTOVER_S = 3600
_WIDTHS = {"number": 10, "day": 12, "moment": 18, "code": 22, "text": 18}
_ABREAST = 16
"""Columns that can be read on the width of a page."""
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


class TooManyRowsError(ValueError):
    """More rows than a sheet holds; the message says what to do."""


@contextmanager
def workshop(instance: Path) -> Iterator[Path]:
    """A folder of one's own inside the instance folder, gone afterwards; what a killed process left there is swept up."""
    for old in instance.glob(f"{_PREFIX}*"):
        if time.time() - old.stat().st_mtime > _LEFTOVER_S:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=instance) as folder:
        yield Path(folder)


def check_fits(reading: Reading) -> None:
    """TooManyRowsError when a sheet cannot hold it."""
    if reading.total > MOST_ROWS:
        raise TooManyRowsError(
            f"超过 {MOST_ROWS} 行，请加筛选条件，或导出 CSV。 / More than {MOST_ROWS} rows; filter the list, or take out a CSV."
        )


def write_xlsx(reading: Reading, about: About, instance: Path) -> IO[bytes]:
    """The list as a workbook of one sheet, to be read from its start. TooManyRowsError in words."""
    check_fits(reading)
    columns = reading.listing.columns
    with workshop(instance) as folder:
        file = (folder / "file").open("w+b")
        with open_book(file, folder) as book:
            sheet = Sheet(book, word(about.title, about.language), about, len(columns))
            for place, column in enumerate(columns):
                sheet.sheet.set_column(place, place, _width(column, about.language))
            sheet.headings([word(column.label, about.language) for column in columns])
            first = sheet.at
            for row in reading.rows():
                sheet.row([value_of(column, row, reading.query.whole, about.language) for column in columns])
            sheet.sheet.freeze_panes(first, 1)
            sheet.sheet.autofilter(first - 1, 0, max(first, sheet.at - 1), len(columns) - 1)
    file.seek(0)
    return file


@contextmanager
def open_book(file: IO[bytes], folder: Path) -> Iterator[xlsxwriter.Workbook]:
    """A workbook that is written into `file`; what it keeps meanwhile lies in `folder`."""
    book = xlsxwriter.Workbook(file, _OPTIONS | {"tmpdir": str(folder)})
    yield book
    book.close()


def _width(column: Column, language: str) -> int:
    heading = sum(2 if ord(one) > 0x2E7F else 1 for one in word(column.label, language))
    return max(_WIDTHS.get(column.sort, 18), min(heading + 4, 40))


class Sheet:
    """A sheet that is written from top to bottom: its own words first, then rows. `at` is the next row, from 0."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, about: About, columns: int) -> None:
        self.sheet: Any = book.add_worksheet(sheet_name(name))
        self._columns = max(1, columns)
        formats = {
            "text": {"valign": "top", "text_wrap": True},
            "code": {"valign": "top", "num_format": "@"},
            "quoted": {"valign": "top", "text_wrap": True, "quote_prefix": True},
            "number": {"valign": "top"},
            "head": {"bold": True, "bg_color": "#DCEBE2", "border": 1, "text_wrap": True, "valign": "vcenter"},
            "title": {"bold": True, "font_size": 13},
            "mark": {"font_color": "#7A7A7A", "font_size": 9},
            "total": {"bold": True, "top": 1},
        }
        self._formats = {key: book.add_format(given) for key, given in formats.items()}
        self.at = 0
        self.line(about.line(), "mark")
        self._page(about)

    def _page(self, about: About) -> None:
        """How it prints: landscape A4, headings on every page, and who took it out above and below."""
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(9)
        if self._columns <= _ABREAST:
            sheet.fit_to_pages(1, 0)
        else:  # too small to read on one page: several side by side, each with the first column
            sheet.repeat_columns(0)
        sheet.set_margins(left=0.4, right=0.4, top=0.9, bottom=0.75)
        sheet.set_header(f"&C&20&KB5B5B5{_plain(about.mark(), 60)}")
        sheet.set_footer(f"&L&8{_plain(about.words(), 170)}&R&8{_plain(about.pin(), 50)}  &P/&N")

    def line(self, text: str, form: str = "text") -> None:
        """A line of words across the sheet."""
        self.sheet.write_string(self.at, 0, text, self._formats[form])
        self.at += 1

    def headings(self, texts: list[str]) -> None:
        """The headings of the rows that follow; the first ones stand on every printed page."""
        for place, text in enumerate(texts):
            self.sheet.write_string(self.at, place, text, self._formats["head"])
        if self.at <= 3:
            self.sheet.repeat_rows(self.at)
        self.at += 1

    def row(self, values: list[str | int | float], form: str = "") -> None:
        """One row: numbers as numbers, texts as texts; one that might be run if somebody edited it is quoted."""
        for place, value in enumerate(values):
            if isinstance(value, str):
                if value:
                    own = "quoted" if is_formula(value) else "code" if value.isdigit() else "text"
                    self.sheet.write_string(self.at, place, value, self._formats[form or own])
            else:
                self.sheet.write_number(self.at, place, value, self._formats[form or "number"])
        self.at += 1

    def blank(self) -> None:
        self.at += 1


def sheet_name(text: str) -> str:
    """A sheet's name as a workbook takes it."""
    return "".join("_" if one in "[]:*?/\\'" else one for one in text)[:31] or "1"


def _plain(text: str, most: int) -> str:
    """Words for a page's head or foot, where & begins an order."""
    told = text.replace("&", "&&")
    return told if len(told) <= most else told[: most - 1].rstrip("&") + "…"


def write_csv(reading: Reading, about: About, instance: Path) -> IO[bytes]:
    """The list as a CSV that Excel and WPS open: UTF-8 with its mark, texts quoted, the file's own words as its last line."""
    columns = reading.listing.columns
    with workshop(instance) as folder:
        file = (folder / "file").open("w+b")
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow([word(column.label, about.language) for column in columns])
        for row in reading.rows():
            cells = [value_of(column, row, reading.query.whole, about.language) for column in columns]
            writer.writerow([_csv_cell(column, cell) for column, cell in zip(columns, cells, strict=True)])
        writer.writerow([disarmed(about.line())])
        text.flush()
        text.detach()
    file.seek(0)
    return file


def _csv_cell(column: Column, cell: str | int | float) -> str | int | float:
    """A leading tab keeps a spreadsheet from reading digits as a number and rounding them."""
    if not isinstance(cell, str) or not cell:
        return cell
    if is_formula(cell):
        return disarmed(cell)
    return f"\t{cell}" if column.sort == "code" or cell.isdigit() else cell
