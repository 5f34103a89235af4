"""Files that leave the house, opened by programs that are not ours: nothing in them runs, and every digit is there."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.accounts import session_of
from server.exports import files
from server.exports.about import About, filters_for_the_trail
from server.exports.cells import disarmed, is_formula
from server.exports.files import TooManyRowsError, write_csv, write_xlsx
from server.exports.monthly import write_monthly
from server.exports.reading import Reading, reading
from server.lists import LISTINGS
from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, Row, column, page_of
from server.reports.report import Report, Table
from server.service import now_ms
from server.sight import Sight
from server.store import TownshipStore
from server.words import EN, MASK
from shared.fields import Label
from shared.kinds import KINDS
from tests.console.browser import DESK, TOWN, Office

IDENTITY = "451499197011204915"
NASTY = [
    "=cmd|'/c calc'!A1", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "　=1", "\u200b=1", "\ufeff+1", "＝1+1", "＋1", "－1",
    "＠SUM(1)", "=HYPERLINK(\"http://x\")", "﹦1", "-2+3+cmd|' /C calc'!A0", "\tx", "\rx", "+8613800000000",
]  # fmt: skip
HARMLESS = [
    "韦大山",
    "a=b",
    "3-4",
    "x;=1+1",
    'he said "hi", then left',
    "两行\n第二行",
    "100%",
    "<script>alert(1)</script>",
    "—",
]

COLUMNS = [
    Column("name", Label("姓名", "Name")),
    column(KINDS["member"], "identity"),
    Column("age", Label("年龄", "Age"), "number"),
    Column("seen", Label("时间", "When"), "moment"),
    Column("state", Label("状态", "State")),
]


def listing_of(rows: Sequence[Row], name: str = "made_up", columns: Sequence[Column] = COLUMNS) -> Listing:
    return Listing(
        name, Label("测试名单", "A list"), columns, [VILLAGE, Filter("q", Label("姓名", "Name"))], lambda query: page_of(rows, query)
    )  # fmt: skip


def row(name: str = "韦大山", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "identity": IDENTITY,
        "age": 48,
        "seen": "2018-09-03T02:15:00Z",
        "state": Label("在办", "Open"),
        **more,
    }


@pytest.fixture
def read(still: Office) -> Iterator[Any]:
    """A reading of made-up rows."""
    with still.database.engine.connect() as connection:
        store = TownshipStore(still.database, connection, TOWN)

        def of(rows: Sequence[Row], whole: bool = True, page: int = 1000, **more: Any) -> Reading:
            listing = listing_of(rows, **more)
            query = Query(still.database, store, None, 0, {}, 0, page, whole)  # type: ignore[arg-type]
            return Reading(listing, query, listing.find(query))

        yield of


ABOUT = About(
    Label("测试名单", "A list"), "海渊镇", "韦桌员", 1_535_940_900_000, 17, "a1b2c3d4e5f6" * 5, ["村：桐骨村"], 1, 1
)


def book_of(found: Reading, folder: Path, about: About = ABOUT) -> Any:
    file = write_xlsx(found, about, folder)
    return openpyxl.load_workbook(io.BytesIO(file.read()))


def csv_of(found: Reading, folder: Path, about: About = ABOUT) -> tuple[bytes, list[list[str]]]:
    raw = write_csv(found, about, folder).read()
    return raw, list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


# --- workbooks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_a_text_like_a_formula_stays_a_text_in_the_workbook(read: Any, tmp_path: Path, text: str) -> None:
    cell = book_of(read([row(text)]), tmp_path).active["A3"]
    assert cell.data_type in ("s", "inlineStr")
    assert cell.value.replace("_x000D_", "\r") == text
    assert cell.quotePrefix, "typing Enter in the cell would run it"


def test_no_sheet_of_a_workbook_holds_a_formula_or_a_link(read: Any, tmp_path: Path) -> None:
    file = write_xlsx(read([row(text) for text in (*NASTY, *HARMLESS, "http://x.example/")]), ABOUT, tmp_path)
    with zipfile.ZipFile(file) as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"cmd|" in parts
    assert not [word for word in (b"<f>", b"<f ", b"hyperlink>") if word in parts]


def test_an_identity_number_comes_back_digit_for_digit_as_text(read: Any, tmp_path: Path) -> None:
    cell = book_of(read([row()]), tmp_path).active["B3"]
    assert (cell.value, cell.data_type, cell.number_format) == (IDENTITY, "s", "@")
    raw, lines = csv_of(read([row()]), tmp_path)
    assert lines[1][1] == f"\t{IDENTITY}"
    assert f'"\t{IDENTITY}"'.encode() in raw


def test_numbers_are_numbers_moments_are_text_and_codes_are_words(read: Any, tmp_path: Path) -> None:
    sheet = book_of(read([row(), row(age=-5), row(age=97.5), row(age=None), row(age=2**60)]), tmp_path).active
    assert [sheet.cell(line, 3).value for line in range(3, 8)] == [48, -5, 97.5, None, str(2**60)]
    assert (sheet["D3"].value, sheet["E3"].value) == ("2018-09-03 10:15", "在办")
    _, lines = csv_of(read([row(age=-5)]), tmp_path)
    assert lines[1][2:] == ["-5", "2018-09-03 10:15", "在办"]


def test_headings_are_chinese_or_the_readers_language(read: Any, tmp_path: Path) -> None:
    sheet = book_of(read([row()]), tmp_path).active
    assert [cell.value for cell in sheet[2]] == [
        "姓名",
        KINDS["member"].fields["identity"].label.zh,
        "年龄",
        "时间",
        "状态",
    ]
    english = About(Label("测试名单", "A list"), "海渊镇", "x", 0, 1, "ab", language=EN)
    sheet = book_of(read([row()]), tmp_path, english).active
    assert (sheet["A2"].value, sheet["C2"].value, sheet["E3"].value) == ("Name", "Age", "Open")


def test_every_sheet_says_who_took_it_out_when_and_where_it_stands_in_the_trail(read: Any, tmp_path: Path) -> None:
    sheet = book_of(read([row()]), tmp_path).active
    for said in ("海渊镇", "测试名单", "韦桌员", "2018-09-03 10:15", "桐骨村", "第 17 行", "a1b2c3d4e5f6"):
        assert said in sheet["A1"].value
        assert said in sheet.oddFooter.left.text + (sheet.oddFooter.right.text or "")
    assert "韦桌员 2018-09-03 10:15" in sheet.oddHeader.center.text
    _, lines = csv_of(read([row()]), tmp_path)
    assert lines[-1][0] == ABOUT.line()


def test_a_workbook_is_ready_to_be_read_and_printed(read: Any, tmp_path: Path) -> None:
    sheet = book_of(read([row()] * 3), tmp_path).active
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("B3", "A2:E5", "$2:$2")
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.column_dimensions["B"].width > 20


def test_a_name_of_a_person_cannot_break_the_page_head(read: Any, tmp_path: Path) -> None:
    strange = About(Label("测&名单", "x"), "海渊镇", "&P&N" * 80 + "=1", 0, 1, "ab", ["＝1" * 400])
    sheet = book_of(read([row()]), tmp_path, strange).active
    assert len(sheet.oddHeader.center.text) < 100
    assert sheet["A1"].data_type == "s"


def test_an_empty_list_is_a_file_with_headings(read: Any, tmp_path: Path) -> None:
    sheet = book_of(read([]), tmp_path).active
    assert sheet["A2"].value == "姓名"
    assert sheet.max_row == 2
    assert len(csv_of(read([]), tmp_path)[1]) == 2


def test_a_text_longer_than_a_cell_is_cut_and_not_dropped(read: Any, tmp_path: Path) -> None:
    value = book_of(read([row("长" * 40_000)]), tmp_path).active["A3"].value
    assert (len(value), value[-1]) == (32_767, "…")


def test_a_list_longer_than_a_sheet_is_refused_in_words(
    read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 2)
    with pytest.raises(TooManyRowsError, match="CSV"):
        write_xlsx(read([row()] * 3), ABOUT, tmp_path)


# --- CSV -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_a_text_like_a_formula_is_disarmed_in_the_csv(read: Any, tmp_path: Path, text: str) -> None:
    _, lines = csv_of(read([row(text, identity=text, state=text)]), tmp_path)
    assert [lines[1][0], lines[1][1], lines[1][4]] == [f"'{text}"] * 3


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_other_texts_are_left_alone_and_cannot_open_a_cell_of_their_own(read: Any, tmp_path: Path, text: str) -> None:
    raw, lines = csv_of(read([row(text)]), tmp_path)
    assert lines[1][0] == text
    assert all(len(line) in (1, 5) for line in lines)
    assert raw.decode("utf-8-sig").split("\r\n")[1].startswith('"'), (
        "a semicolon would split it where that is the separator"
    )


def test_a_csv_opens_in_excel_as_chinese_and_ends_its_lines_as_windows_does(read: Any, tmp_path: Path) -> None:
    raw, _ = csv_of(read([row()]), tmp_path)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 3


def test_what_counts_as_a_formula_is_judged_by_the_first_character_that_is_seen() -> None:
    assert all(is_formula(text) for text in NASTY)
    assert not any(is_formula(text) for text in (*HARMLESS, "", " "))
    assert disarmed("=1") == "'=1"


# --- what is masked, and how much there is ---------------------------------------------------------------------------


def test_what_is_masked_stays_masked_in_both_files_unless_asked_for_whole(read: Any, tmp_path: Path) -> None:
    assert book_of(read([row()], whole=False), tmp_path).active["B3"].value == f"{MASK}{IDENTITY[-4:]}"
    raw, _ = csv_of(read([row()], whole=False), tmp_path)
    assert IDENTITY.encode() not in raw


def test_a_long_list_is_read_page_after_page_and_complete(read: Any, tmp_path: Path) -> None:
    rows = [row(f"人{number}") for number in range(25)]
    names = [cell.value for cell in book_of(read(rows, page=10), tmp_path).active["A"][2:]]
    assert names == [f"人{number}" for number in range(25)]


def test_a_list_that_shrinks_while_it_is_read_ends_instead_of_going_round() -> None:
    listing = Listing("x", Label("x", "x"), COLUMNS, [], lambda query: Found([row()] if query.offset < 3 else [], 100))
    query = Query(None, None, None, 0, {}, 0, 1)  # type: ignore[arg-type]
    assert len(list(Reading(listing, query, listing.find(query)).rows())) == 3


def test_no_file_is_left_behind_not_even_when_writing_fails(read: Any, tmp_path: Path) -> None:
    write_xlsx(read([row()]), ABOUT, tmp_path).close()

    class BrokenError(Exception):
        pass

    def broken(query: Query) -> Found:
        if query.offset:
            raise BrokenError
        return Found([row()], 5)

    found = read([])
    for write in (write_xlsx, write_csv):
        listing = Listing("x", Label("x", "x"), COLUMNS, [], broken)
        with pytest.raises(BrokenError):
            write(Reading(listing, found.query, broken(found.query)), ABOUT, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_trail_keeps_no_word_that_somebody_typed_into_a_filter() -> None:
    kept = filters_for_the_trail(listing_of([]), {"village": "451422103001", "q": "韦大山"})
    assert kept == ["q", "village=451422103001"]


# --- the lists there are ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTINGS)
def test_every_list_leaves_as_a_workbook_and_as_a_csv(still: Office, tmp_path: Path, name: str) -> None:
    with still.browser(DESK).client.session_transaction() as session:
        account = session_of(still.database, session["secret"], now_ms())
    assert account is not None
    with reading(still.database, Sight.of(account), TOWN, LISTINGS[name], {}, now_ms()) as found:
        book = book_of(found, tmp_path)
        _, lines = csv_of(found, tmp_path)
    headings = [column.label.zh for column in LISTINGS[name].columns]
    assert [cell.value for cell in book.active[2]] == headings == lines[0]
    assert len(lines) == found.total + 2


@pytest.mark.parametrize("name", LISTINGS)
def test_no_filter_is_called_like_a_field_of_the_export_form(name: str) -> None:
    taken = {"name", "township", "as", "whole", "reason", "page", "csrf_token"}
    assert not taken & {one.name for one in LISTINGS[name].filters}


# --- the county's tables ---------------------------------------------------------------------------------------------


def test_a_report_becomes_a_sheet_with_its_total_its_notes_and_its_further_tables(tmp_path: Path) -> None:
    columns = {"found": Label("发现", "Found"), "percent": Label("解决率%", "Solved %")}
    rows = [
        {"village": "1", "name": "桐骨村", "found": 3, "percent": 66.7},
        {"village": "2", "name": "=1", "found": 0, "percent": None},
    ]
    more = {"tiers": Table(columns, [{"name": "村级", "found": 3, "percent": 66.7}], Label("层级", "Tier"))}
    report = Report("problems", Label("问题台账", "Problems"), {"month": "2018-09"}, Table(columns, rows), {"found": 3, "percent": 66.7}, more, [Label("说明", "Note")])  # fmt: skip
    missing = {Label("走访覆盖", "Coverage"): "没有活动 / No campaign"}
    book = openpyxl.load_workbook(io.BytesIO(write_monthly({"problems": report}, missing, ABOUT, tmp_path).read()))
    assert book.sheetnames == ["走访覆盖", "问题台账"]
    assert book["走访覆盖"]["A2"].value == "没有活动"
    lines = [[cell.value for cell in line] for line in book["问题台账"].iter_rows()]
    assert lines[0][0] == ABOUT.line()
    assert lines[1][0] == "海渊镇 问题台账　月份 2018-09"
    assert lines[2:6] == [["村", "发现", "解决率%"], ["桐骨村", 3, 66.7], ["=1", 0, None], ["合计", 3, 66.7]]
    assert lines[7:9] == [["层级", "发现", "解决率%"], ["村级", 3, 66.7]]
    assert lines[-1][0] == "说明"
    assert list(tmp_path.iterdir()) == []
