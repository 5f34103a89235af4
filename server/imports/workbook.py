"""Reads any office workbook as tables: finds the header row, maps columns by their names, gives the rows as dicts.

Promises: title rows, headers of one to three lines, merged cells, other sheets and wrong dimension tags are handled; a
file that is no workbook, too large or hostile (inflating, XML entities) is refused in words (WorkbookError).
Leaves to others: which headings mean what (they come in as a function) and what the values mean.
Cells are read, never formulas: a formula counts as the value Excel last stored for it.
"""

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.xml.functions import iterparse

MAX_ROWS = 200_000
MAX_INFLATED = 200 * 1024 * 1024
_MAX_COLUMNS = 128
_LAST_SHEET_ROW = 1_048_576
_SEARCH_ROWS = 50  # filled rows in which the header is looked for
_HEADER_LINES = 3
_MAX_WIDE = 500  # merges over several columns that a header is searched with: far more than one has
_CHUNK = 1024 * 1024

FieldOf = Callable[[str], str | None]  # a heading as heading_key gives it -> the field it means
_Cells = tuple[object, ...]


class WorkbookError(Exception):
    """A file that can't be read as asked; the message (Chinese / English) says what was found and what to do."""


@dataclass(frozen=True)
class Row:
    """One filled row. `own` has what stands in the row itself, `filled` also what a vertical merge carries into it."""

    number: int  # as Excel shows it, from 1
    own: Mapping[str, object]
    filled: Mapping[str, object]
    extra: tuple[tuple[int, object], ...]  # column and value of filled cells that mean no field


@dataclass(frozen=True)
class Table:
    sheet: int  # from 1
    title: str
    above: tuple[str, ...]  # texts over the header: titles, who filled it in
    header_row: int  # the last line of the header
    columns: Mapping[str, int]  # field -> column, from 0
    unused: tuple[str, ...]  # headings that mean no field
    epoch: Any  # what openpyxl's from_excel wants to turn serial numbers into dates
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Merge:
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class _Header:
    first: int  # index of its first row in the grid
    lines: int
    columns: Mapping[str, int]
    headings: Mapping[int, str]


def tidy(value: object) -> str:
    """A cell as text: no invisible characters, no outer spaces, inner runs of spaces and newlines made one space."""
    text = "" if value is None else str(value)
    visible = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(visible.split())


def heading_key(text: str) -> str:
    """A heading as it is compared: no spaces, line breaks, punctuation, nor what stands in brackets."""
    plain = unicodedata.normalize("NFKC", text).lower()
    without = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】|〔[^〕]*〕|<[^<>]*>|\d+位|必填|选填", "", plain)
    return re.sub(r"[\W_]", "", without) or re.sub(r"[\W_]", "", plain)


def read_tables(path: Path | str, field_of: FieldOf, is_table: Callable[[Iterable[str]], bool]) -> list[Table]:
    """The visible sheets that have a header, in their order.

    `is_table` judges from the fields a row names whether that row is the header. When no sheet has one, WorkbookError
    tells which headings were found.
    """
    tables, best = [], _Header(0, 0, {}, {})
    with Path(path).open("rb") if Path(path).is_file() else _missing(path) as file:
        _check_safe(file)
        for sheet, title, epoch, grid, merges in _sheets(file):
            header = _find_header(grid, merges, field_of)
            if is_table(header.columns):
                tables.append(_table(sheet, title, epoch, grid, merges, header))
            elif len(header.columns) > len(best.columns):
                best = header
    if not tables:
        raise _no_header(best)
    return tables


def _missing(path: Path | str) -> IO[bytes]:
    raise WorkbookError(f"找不到文件 {Path(path).name} / There is no file {Path(path).name}")


def _no_header(best: _Header) -> WorkbookError:
    # Only headings that mean something to us are named: without a header, any other cell may hold a person's data.
    found = [best.headings[column] for column in best.columns.values()]
    return WorkbookError(
        f"没有找到表头。认出的列：{'、'.join(found) or '无'}；必须有“姓名”，以及“与户主关系”“户编号”“户主姓名”之一，"
        "另有一列。请检查表头后再导入 / No header row was found. "
        f"Headings recognised: {', '.join(found) or 'none'}. Needed: 姓名 (name), one of 与户主关系 (relation), 户编号 "
        "(household number), 户主姓名 (name of the head), and one more. Put the header right and import again"
    )


# ------------------------------------------------------------------------------------------------------------- the file


def _check_safe(file: IO[bytes]) -> None:
    if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise WorkbookError(
            "这是旧版 .xls 或加密的文件，请在 Excel 或 WPS 中去掉密码并另存为 .xlsx / "
            "This is an old .xls or a locked file; remove the password and save it as .xlsx"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            # zipfile never inflates a member beyond the size it declares, so the declared sizes can be relied on.
            if sum(member.file_size for member in archive.infolist()) > MAX_INFLATED:
                raise WorkbookError(
                    "文件解压后超过 200 MB，请只保留花名册一张表 / "
                    "The file inflates beyond 200 MB; keep only the sheet of the roster"
                )
            if not openpyxl.DEFUSEDXML or any(_declares_entities(archive, name) for name in archive.namelist()):
                raise WorkbookError(
                    "文件含有不安全的 XML 声明，请在 Excel 或 WPS 中另存为新文件 / "
                    "The file holds unsafe XML declarations; save it as a new file with Excel or WPS"
                )
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise _not_xlsx() from error


def _declares_entities(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether an XML member has a document type, which no workbook needs and entity bombs do."""
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return False
    tail = b""
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            text = tail + chunk.replace(b"\0", b"")  # also when it is written in UTF-16
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                return True
            tail = text[-16:]
    return False


def _not_xlsx() -> WorkbookError:
    return WorkbookError(
        "这不是 .xlsx 工作簿，或文件已损坏；请用 Excel 或 WPS 打开后另存为 .xlsx / "
        "This is not an .xlsx workbook, or it is damaged; open it with Excel or WPS and save it as .xlsx"
    )


def _sheets(file: IO[bytes]) -> Iterator[tuple[int, str, Any, dict[int, _Cells], list[_Merge]]]:
    """Number, title, epoch, filled rows by row number and merged ranges of every visible sheet."""
    left = MAX_ROWS
    try:
        book: Any = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for number, sheet in enumerate(book.worksheets, start=1):
            if sheet.sheet_state != "visible":
                continue  # nobody who looked at the workbook has seen it, so nobody meant it
            # Read-only mode keeps memory flat but knows no merges; the sheet's file is read a second time for them.
            with book._archive.open(sheet._worksheet_path) as xml:
                merges = _merges(xml)
            grid = _grid(sheet, left)
            left -= len(grid)
            yield number, sheet.title, book.epoch, grid, merges
    except WorkbookError:
        raise
    except Exception as error:  # a broken workbook makes openpyxl raise nearly anything
        raise _not_xlsx() from error


def _grid(sheet: Any, limit: int) -> dict[int, _Cells]:
    sheet.reset_dimensions()  # some programs write a wrong dimension tag, and openpyxl would stop at it
    grid = {}
    rows: Iterable[_Cells] = sheet.iter_rows(max_col=_MAX_COLUMNS, values_only=True)
    for number, cells in enumerate(islice(rows, _LAST_SHEET_ROW), start=1):
        if cells.count(None) == len(cells):
            continue
        grid[number] = cells
        if len(grid) > limit:
            raise WorkbookError(
                f"工作簿超过 {MAX_ROWS} 行，请按村拆分后导入 / "
                f"The workbook has more than {MAX_ROWS} rows; split it by village and import the parts"
            )
    return grid


def _merges(xml: IO[bytes]) -> list[_Merge]:
    merges = []
    for _, element in iterparse(xml):
        if element.tag.endswith("}mergeCell"):
            left, top, right, bottom = range_boundaries(element.get("ref", ""))
            if left and top and right and bottom:
                merges.append(_Merge(left - 1, top, right - 1, bottom))
        if element.tag.endswith(("}row", "}mergeCell")):
            element.clear()  # keep memory flat
    return merges


# ----------------------------------------------------------------------------------------------------------- the header


def _find_header(grid: Mapping[int, _Cells], merges: Sequence[_Merge], field_of: FieldOf) -> _Header:
    """The place whose headings name the most fields; of equal ones the shortest, then the first."""
    numbers = list(islice(grid, _SEARCH_ROWS))
    wide = (merge for merge in merges if numbers and merge.top <= numbers[-1] and merge.right > merge.left)
    near = list(islice(wide, _MAX_WIDE))
    best = _Header(0, 0, {}, {})
    for first, number in enumerate(numbers):
        for lines in range(1, _HEADER_LINES + 1):
            block = range(number, number + lines)
            if any(line not in grid for line in block) or (lines > 1 and not _is_wording(grid[block[-1]])):
                break
            header = _header(first, block, grid, near, field_of)
            if (len(header.columns), -lines) > (len(best.columns), -best.lines):
                best = header
    return best


def _is_wording(cells: _Cells) -> bool:
    """Whether a row could belong to a header: words only. A row of data has a number, a date or digits."""
    return all(cell is None or (isinstance(cell, str) and not re.search(r"\d{4}", cell)) for cell in cells)


def _header(
    first: int, block: range, grid: Mapping[int, _Cells], merges: Sequence[_Merge], field_of: FieldOf
) -> _Header:
    columns: dict[str, int] = {}
    headings: dict[int, str] = {}
    for column in range(_MAX_COLUMNS):
        texts, grouped = _heading_texts(column, block, grid, merges)
        if not texts:
            continue
        # A line of several columns (家庭成员 over 姓名, 性别) may be left out; a line of one column belongs to its
        # heading, and when it does not fit there it is the first row of data.
        forms = ["".join(texts), *("".join(texts[start:]) for start in range(1, len(texts) if grouped else 0))]
        headings[column] = forms[0]
        for form in forms:
            field = field_of(heading_key(form))
            if field is not None and field not in columns:
                columns[field] = column
                headings[column] = form
                break
    return _Header(first, len(block), columns, headings)


def _heading_texts(
    column: int, block: range, grid: Mapping[int, _Cells], merges: Sequence[_Merge]
) -> tuple[list[str], bool]:
    """The lines of one column's heading from top to bottom, and whether the top one spans several columns."""
    texts: list[str] = []
    grouped = False
    for line in block:
        text = tidy(grid[line][column])
        for merge in merges:
            if merge.top <= line <= merge.bottom and merge.left <= column <= merge.right:
                grouped = grouped or line < block[-1]
                if line == merge.top and line < block[-1]:
                    text = tidy(grid[line][merge.left])
        if text:
            texts.append(text)
    return texts, grouped


# ------------------------------------------------------------------------------------------------------------- the rows


def _table(
    sheet: int, title: str, epoch: Any, grid: Mapping[int, _Cells], merges: Sequence[_Merge], header: _Header
) -> Table:
    numbers = list(grid)
    last = numbers[header.first + header.lines - 1]
    body = numbers[header.first + header.lines :]
    above = tuple(tidy(cell) for number in numbers[: header.first] for cell in grid[number] if cell is not None)
    mapped = set(header.columns.values())
    carried = {field: _carried(body, grid, merges, column) for field, column in header.columns.items()}
    rows = []
    for number in body:
        cells = grid[number]
        own = {field: cells[column] for field, column in header.columns.items()}
        filled = {field: carried[field].get(number, value) for field, value in own.items()}
        extra = tuple((column, cell) for column, cell in enumerate(cells) if column not in mapped and cell is not None)
        rows.append(Row(number, own, filled, extra))
    unused = tuple(text for column, text in header.headings.items() if column not in mapped)
    return Table(sheet, title, above, last, header.columns, unused, epoch, tuple(rows))


def _carried(
    body: Sequence[int], grid: Mapping[int, _Cells], merges: Sequence[_Merge], column: int
) -> dict[int, object]:
    """Row number -> value, for the rows of one column that lie in a vertical merge below its first cell.

    One sweep over rows and ranges together: ranges are never spread into cells, so a hostile one costs nothing.
    """
    ranges = iter(sorted((m.top, m.bottom) for m in merges if m.left == column and m.bottom > m.top))
    top, bottom = next(ranges, (0, 0))
    values: dict[int, object] = {}
    for number in body:
        while bottom and number > bottom:
            top, bottom = next(ranges, (0, 0))
        if top < number <= bottom and top in grid and grid[number][column] is None:
            values[number] = grid[top][column]
    return values
