"""Reads a list of administrative areas (CSV: code, name, parent_code, level) into plain values.

Promises: every code has its level's length, lies under its parent, and comes once; the first line that is wrong is
named in an AreaFileError and nothing is returned. Leaves to others: storing the areas.
Codes are those of the National Bureau of Statistics: region 2 digits, city 4, county 6, township 9, village 12.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NINGMING = Path(__file__).parent / "data" / "ningming_areas.csv"
CODE_LENGTH = {"region": 2, "city": 4, "county": 6, "township": 9, "village": 12}
_PARENT_LEVEL = {"city": "region", "county": "city", "township": "county", "village": "township"}
_COLUMNS = ("code", "name", "parent_code", "level")
# The three township digits: 001-099 streets, 100-199 towns, 200-399 townships, 400-599 farms and units like them.
_FARM_NUMBERS = range(400, 600)


class AreaFileError(Exception):
    """A list that can't be read; the message (Chinese / English) names the line and what to put right."""


@dataclass(frozen=True)
class Area:
    code: str
    name: str
    parent_code: str | None
    level: str

    @property
    def is_farm(self) -> bool:
        """Whether this is a township-level farm (国营农场), which a choice of townships must not count."""
        return self.level == "township" and int(self.code[6:9]) in _FARM_NUMBERS


def read_areas(path: Path | str) -> tuple[Area, ...]:
    """All areas of the file in its order; the parent of each must stand in the file too, before it or after it."""
    areas: dict[str, Area] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(Path(path)):
        area = _area(line, row)
        if area.code in areas:
            raise _error(line, f"代码 {area.code} 重复，请删去一行", f"code {area.code} comes twice; delete one line")
        areas[area.code] = area
        lines[area.code] = line
    for area in areas.values():
        _check_parent(area, areas, lines[area.code])
    return tuple(areas.values())


def townships(areas: Iterable[Area]) -> tuple[Area, ...]:
    """The towns and townships among the areas, without the farms."""
    return tuple(area for area in areas if area.level == "township" and not area.is_farm)


def villages_of(areas: Iterable[Area], township: str) -> dict[str, str]:
    """Name to 12-digit code of a township's village units: what read_roster wants to know."""
    return {area.name: area.code for area in areas if area.level == "village" and area.parent_code == township}


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(_text(path)), strict=True)
        found = tuple((name or "").strip() for name in reader.fieldnames or ())
        if missing := [column for column in _COLUMNS if column not in found]:
            raise _error(1, f"缺少列：{'、'.join(missing)}", f"columns missing: {', '.join(missing)}")
        reader.fieldnames = found
        return [
            (reader.line_num, {column: (row[column] or "").strip() for column in _COLUMNS})
            for row in reader
            if any(row[column] for column in _COLUMNS)
        ]
    except csv.Error as error:
        raise _error(1, "不是 CSV 文件", "this is not a CSV file") from error


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AreaFileError(f"打不开文件：{path.name} / The file can't be opened: {path.name}") from error
    for encoding in ("utf-8-sig", "gb18030"):  # Excel in China saves CSV as GB 18030
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AreaFileError("文件编码不是 UTF-8 或 GB 18030，请另存 / Neither UTF-8 nor GB 18030; save the file again")


def _area(line: int, row: dict[str, str]) -> Area:
    code, name, parent, level = (row[column] for column in _COLUMNS)
    length = CODE_LENGTH.get(level)
    if length is None:
        raise _error(line, f"级别应为 {'、'.join(CODE_LENGTH)}", f"level must be one of {', '.join(CODE_LENGTH)}")
    if not re.fullmatch(rf"[0-9]{{{length}}}", code):
        raise _error(line, f"{level} 的代码应为 {length} 位数字", f"the code of a {level} has {length} digits")
    if not name:
        raise _error(line, "名称不能为空", "the name must not be empty")
    return Area(code, name, parent or None, level)


def _check_parent(area: Area, areas: dict[str, Area], line: int) -> None:
    if area.level == "region":
        fits = area.parent_code is None
    else:
        parent = areas.get(area.parent_code or "")
        fits = parent is not None and parent.level == _PARENT_LEVEL[area.level] and area.code.startswith(parent.code)
    if not fits:
        raise _error(line, "上级代码不对或不在表内", "the parent code is wrong or not in the list")


def _error(line: int, chinese: str, english: str) -> AreaFileError:
    return AreaFileError(f"第 {line} 行：{chinese} / Line {line}: {english}")
