"""The roster reader, on the real layout of a township's workbook and on small ones that offices might keep instead."""

import io
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import server.imports
from server.imports import roster_words, workbook
from server.imports.areas import NINGMING, read_areas, villages_of
from server.imports.roster import HouseholdRow, PersonRow, Roster, WorkbookError, read_roster
from shared.kinds.choices import CATEGORIES
from shared.kinds.member import HEALTH, RELATIONS
from shared.rules import identity

SAMPLE = Path(server.imports.__file__).parent / "data" / "roster_haiyuan.xlsx"
VILLAGES = villages_of(read_areas(NINGMING), "451422103")
TONGGU, ZHENGJIE = "451422103215", "451422103001"
HEAD = (
    "行政村",
    "自然屯",
    "户编号",
    "户类别",
    "户主姓名",
    "姓名",
    "与户主关系",
    "性别",
    "身份证号",
    "出生年月",
    "健康状况",
    "联系电话",
    "备注",
)
MAN, WOMAN, BOY = "451499197011204915", "451499196206132849", "45149920030823209X"


def person(name: str = "韦大山", relation: object = "户主", **cells: object) -> tuple[object, ...]:
    """A row in HEAD's order: a head's row opens household 0001 of 桐骨村, every other row has blank household cells."""
    first = relation in ("户主", "本人")
    usual: dict[str, object] = {"行政村": "桐骨村", "户编号": "0001", "户主姓名": name} if first else {}
    usual |= {"姓名": name, "与户主关系": relation} | cells
    return tuple(usual.get(heading) for heading in HEAD)


def save(folder: Path, *sheets: Iterable[Sequence[object]], merge: Iterable[str] = ()) -> Path:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet: Any = book.active if number == 0 else book.create_sheet()
        for row in rows:
            sheet.append(list(row))
        for place in merge:
            sheet.merge_cells(place)
    path = folder / "roster.xlsx"
    book.save(path)
    return path


def read(folder: Path, *rows: Sequence[object], head: Sequence[object] = HEAD, merge: Iterable[str] = ()) -> Roster:
    return read_roster(save(folder, [head, *rows], merge=merge), VILLAGES)


def codes(roster: Roster) -> list[str]:
    return [finding.code for finding in roster.warnings]


def only_household(roster: Roster) -> HouseholdRow:
    assert len(roster.households) == 1
    return roster.households[0]


def only_person(roster: Roster) -> PersonRow:
    assert len(only_household(roster).persons) == 1
    return only_household(roster).persons[0]


# ---------------------------------------------------------------------------------------------------- the real layout


@pytest.fixture(scope="module")
def sample() -> Roster:
    return read_roster(SAMPLE, VILLAGES)


def test_the_roster_of_haiyuan_has_its_figures(sample: Roster) -> None:
    assert (sample.household_count, sample.person_count) == (1845, 6514)
    assert Counter(codes(sample)) == {"repeated_row": 12, "identity_check_character": 58, "identity_ruined": 30}
    assert sample.rejected == ()


def test_every_household_of_haiyuan_has_one_head_and_its_own_number(sample: Roster) -> None:
    assert all([person.relation for person in home.persons].count("head") == 1 for home in sample.households)
    assert len({(home.village, home.household_no) for home in sample.households}) == 1845
    assert len({home.village for home in sample.households}) == 17


def test_everybody_of_haiyuan_has_a_birth_date_or_a_birth_month_never_both(sample: Roster) -> None:
    persons = [person for home in sample.households for person in home.persons]
    assert all((person.birth_date is None) != (person.birth_month is None) for person in persons)
    assert sum(person.identity is None for person in persons) == 88
    assert all(identity.is_valid(person.identity) for person in persons if person.identity)


def test_a_household_of_haiyuan_is_read_whole(sample: Roster) -> None:
    home = sample.households[3]
    assert (home.row, home.village, home.hamlet, home.household_no) == (9, ZHENGJIE, "板亮屯", "0010004")
    assert (home.categories, home.phone) == (("general",), "18385764956")
    assert [person.relation for person in home.persons] == ["head", "spouse", "son", "daughter", "mother", "grandson"]
    assert home.persons[4].identity == "451499192910294667"
    assert home.persons[3].health == ("chronic",)


def test_no_finding_of_haiyuan_holds_a_number_or_a_name(sample: Roster) -> None:
    names = {person.name for home in sample.households for person in home.persons}
    for finding in sample.warnings:
        assert not re.search(r"[0-9]{5}", finding.message)
        assert not any(name in finding.message for name in names)


def test_reading_again_gives_the_same_and_is_quick(sample: Roster) -> None:
    start = time.process_time()
    calls: list[tuple[int, int]] = []
    assert read_roster(SAMPLE, VILLAGES, progress=lambda done, total: calls.append((done, total))) == sample
    assert time.process_time() - start < 6  # 2 seconds on an ordinary machine
    assert calls == sorted(calls)
    assert calls[-1][0] == calls[-1][1]


def test_only_the_two_agreed_codes_speak_of_identity_and_every_message_is_in_two_languages() -> None:
    assert [code for code in roster_words.MESSAGES if "id" in code] == ["identity_check_character", "identity_ruined"]
    assert all(
        re.search("[一-龥]", chinese) and english.isascii() is not None
        for chinese, english in roster_words.MESSAGES.values()
    )


def test_the_codes_of_relations_categories_and_health_are_those_of_the_kinds() -> None:
    assert set(roster_words.RELATIONS) == set(RELATIONS)
    assert {code for words in roster_words.CATEGORY.values() for code in words.split()} == set(CATEGORIES)
    assert set(roster_words.HEALTH.values()) == set(HEALTH)


# ------------------------------------------------------------------------------------------------ headings and sheets


def test_other_headings_in_another_order_with_line_breaks_import_too(tmp_path: Path) -> None:
    head = (
        "备  注",
        "证件号码\n（18位）",
        "与户主\n关系",
        "姓 名",
        "户号",
        "村（社区）",
        "类别",
        "手机号码",
        "出生日期",
    )
    roster = read(
        tmp_path,
        ("某镇花名册",),
        head,
        ("x", MAN, "本人", "韦大山", "7", "桐骨村", "低保户", "13812341234", None),
        (None, BOY, "长子", "韦小山", None, None, None, None, None),
        head=("海渊镇农户花名册",),
    )
    home = only_household(roster)
    assert (home.household_no, home.village, home.phone) == ("7", TONGGU, "13812341234")
    assert [(p.row, p.relation, p.identity, p.remark) for p in home.persons] == [
        (4, "head", MAN, "x"),
        (5, "son", BOY, None),
    ]
    assert roster.warnings == ()


def test_a_header_of_two_lines_with_merged_groups_is_read(tmp_path: Path) -> None:
    upper = ("序号", "行政村", "户主", None, "家庭成员", None, None, None, "备注")
    lower = (None, None, "姓名", "户号", "姓名", "与户主", "性别", "身份证号", None)
    last = (None, None, None, None, None, "关系", None, None, None)
    roster = read(
        tmp_path,
        upper,
        lower,
        last,
        (1, "桐骨村", "韦大山", 12, "韦大山", "户主", "男", MAN, None),
        (2, None, None, None, "陆小花", "妻", "女", WOMAN, None),
        head=("花名册",),
        merge=("A1:I1", "A2:A4", "B2:B4", "C2:D2", "E2:H2", "I2:I4", "C3:C4", "E3:E4"),
    )
    home = only_household(roster)
    assert (home.household_no, home.head_name, home.row) == ("12", "韦大山", 5)
    assert [p.relation for p in home.persons] == ["head", "spouse"]
    assert roster.warnings == ()


def test_the_sheet_with_the_header_is_chosen_and_a_list_that_is_no_roster_left_alone(tmp_path: Path) -> None:
    cover = [("说明",), ("请各村如实填写",)]
    voters = [("姓名", "性别", "身份证号"), ("陆小花", "女", WOMAN)]
    path = save(tmp_path, cover, voters, [HEAD, person(身份证号=MAN)])
    assert only_person(read_roster(path, VILLAGES)).identity == MAN


def test_two_sheets_with_the_header_are_both_read_and_findings_name_the_sheet(tmp_path: Path) -> None:
    ruined = person("陆小花", 行政村="正街社区", 身份证号=4.51499e17)
    roster = read_roster(save(tmp_path, [HEAD, person(身份证号=MAN)], [HEAD, ruined]), VILLAGES)
    assert [home.village for home in roster.households] == [TONGGU, ZHENGJIE]
    assert roster.warnings[0].message.startswith("工作表 2：")


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = save(tmp_path, [HEAD, person()], [HEAD, person("陆小花", 户编号="0002")])
    book = openpyxl.load_workbook(path)
    book.worksheets[1].sheet_state = "hidden"
    book.save(path)
    assert only_person(read_roster(path, VILLAGES)).name == "韦大山"


def test_a_sheet_without_a_village_column_takes_the_village_of_its_title(tmp_path: Path) -> None:
    head = ("户号", "姓名", "与户主关系")
    roster = read(tmp_path, head, ("1", "韦大山", "户主"), head=("海渊镇桐骨村农户花名册",))
    assert only_household(roster).village == TONGGU


def test_a_village_name_over_a_group_of_rows_counts_for_them(tmp_path: Path) -> None:
    head = ("户号", "姓名", "与户主关系")
    roster = read(tmp_path, ("正街社区",), ("1", "韦大山", "户主"), ("桐骨村",), ("1", "陆小花", "户主"), head=head)
    assert [home.village for home in roster.households] == [ZHENGJIE, TONGGU]


def test_a_column_that_means_nothing_is_told_once(tmp_path: Path) -> None:
    roster = read(tmp_path, (*person(), "海渊"), head=(*HEAD, "籍贯"))
    assert [(f.row, f.code) for f in roster.warnings] == [(1, "column_not_used")]
    assert "籍贯" in roster.warnings[0].message


def test_a_wrong_dimension_tag_hides_no_rows(tmp_path: Path) -> None:
    path = save(tmp_path, [HEAD, person()])
    rewrite(
        path, "xl/worksheets/sheet1.xml", lambda xml: re.sub(b'<dimension ref="[^"]*"', b'<dimension ref="A1"', xml)
    )
    assert only_person(read_roster(path, VILLAGES)).name == "韦大山"


# --------------------------------------------------------------------------------------------------------- households


@pytest.mark.parametrize("merge", [(), ("A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:E3")])
def test_household_cells_merged_or_blank_below_the_first_mean_the_same(tmp_path: Path, merge: Sequence[str]) -> None:
    roster = read(tmp_path, person(自然屯="那江屯"), person("陆小花", "配偶"), merge=merge)
    home = only_household(roster)
    assert (home.hamlet, [p.name for p in home.persons]) == ("那江屯", ["韦大山", "陆小花"])
    assert roster.warnings == ()


def test_household_cells_written_in_every_row_mean_the_same(tmp_path: Path) -> None:
    wife = person("陆小花", "配偶", 行政村="桐骨村", 户编号="0001", 户主姓名="韦大山")
    assert len(only_household(read(tmp_path, wife, person())).persons) == 2


def test_a_head_with_empty_household_cells_starts_a_household_in_the_village_above(tmp_path: Path) -> None:
    blank = {"行政村": None, "户编号": None, "户主姓名": None}
    roster = read(tmp_path, person(自然屯="那江屯"), person("陆小花", **blank), person("陆小山", "子"))
    assert [(h.village, h.household_no, h.hamlet) for h in roster.households] == [
        (TONGGU, "0001", "那江屯"),
        (TONGGU, None, None),
    ]
    assert [p.name for p in roster.households[1].persons] == ["陆小花", "陆小山"]
    assert [(f.row, f.code) for f in roster.warnings] == [(3, "household_number_missing")]


def test_a_second_head_inside_a_merged_block_starts_a_household_without_the_number(tmp_path: Path) -> None:
    second = person("陆小花", 行政村=None, 户编号=None, 户主姓名=None)
    roster = read(tmp_path, person(), second, merge=("A2:A3", "C2:C3"))
    assert [h.household_no for h in roster.households] == ["0001", None]


@pytest.mark.parametrize("cells", [{}, {"行政村": None, "户编号": None, "户主姓名": None}])
def test_a_repeated_head_does_not_start_a_second_household(tmp_path: Path, cells: dict[str, object]) -> None:
    roster = read(tmp_path, person(身份证号=MAN), person(身份证号=MAN, **cells), person("陆小花", "配偶"))
    assert len(only_household(roster).persons) == 2
    assert [(f.row, f.code) for f in roster.warnings] == [(3, "repeated_row")]


def test_a_row_that_differs_in_one_cell_is_no_repeat(tmp_path: Path) -> None:
    roster = read(tmp_path, person(), person("韦小山", "子"), person("韦小山", "子", 备注="双胞胎"))
    assert roster.person_count == 3
    assert roster.warnings == ()


def test_the_serial_number_does_not_count_when_rows_are_compared(tmp_path: Path) -> None:
    roster = read(
        tmp_path, (1, *person()), (2, *person("韦小山", "子")), (3, *person("韦小山", "子")), head=("序号", *HEAD)
    )
    assert codes(roster) == ["repeated_row"]


def test_a_whole_household_copied_further_down_is_repeated_rows(tmp_path: Path) -> None:
    other = person("黄小妹", 户编号="0002")
    rows = (person(), person("韦小山", "子"))
    roster = read(tmp_path, *rows, other, *rows)
    assert (roster.household_count, roster.person_count) == (2, 3)
    assert [f.row for f in roster.warnings if f.code == "repeated_row"] == [5, 6]


def test_one_number_on_two_households_of_a_village_is_told_and_both_stay(tmp_path: Path) -> None:
    roster = read(tmp_path, person(), person("陆小花"), person("黄小妹", 行政村="海湾村"))
    assert roster.household_count == 3
    assert [(f.row, f.code) for f in roster.warnings] == [(3, "household_number_twice")]


def test_totals_notes_blank_rows_and_a_header_printed_again_are_skipped(tmp_path: Path) -> None:
    total = ("合计", None, "1户", None, None, "2人")
    foot = ("填表人：某某", None, None, None, None, "审核人（签字）：", "某某")
    columns = tuple(range(1, len(HEAD) + 1))
    note = ("注：本表由各村填报。",)
    roster = read(tmp_path, columns, person(), (), HEAD, person("陆小花", "配偶"), ("小计：2人",), total, note, foot)
    assert len(only_household(roster).persons) == 2
    assert (roster.warnings, roster.rejected) == ((), ())


def test_a_line_for_the_household_takes_the_persons_below_it(tmp_path: Path) -> None:
    line = ("桐骨村", "那江屯", "0009", "低保户", "韦大山", *[None] * 6, "13812341234")
    blank = {"行政村": None, "户编号": None, "户主姓名": None}
    home = only_household(read(tmp_path, line, person(**blank), person("陆小花", "配偶")))
    assert (home.household_no, home.categories, home.phone) == ("0009", ("low_allowance",), "13812341234")
    assert len(home.persons) == 2


def test_a_household_without_a_head_is_told(tmp_path: Path) -> None:
    roster = read(tmp_path, person("陆小花", "妻", 行政村="桐骨村", 户编号="0001"))
    assert only_household(roster).household_no == "0001"
    assert codes(roster) == ["head_missing"]


# ----------------------------------------------------------------------------------------------------------- villages


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("桐骨村委会", TONGGU),
        ("桐骨村", TONGGU),
        ("桐骨村民委员会", TONGGU),
        ("桐骨村村民委员会", TONGGU),
        ("桐骨", TONGGU),
        (" 桐 骨\u200b村 ", TONGGU),
        (451422103215, TONGGU),
        ("正街", ZHENGJIE),
        ("正街社区", ZHENGJIE),
        ("正街居委会", ZHENGJIE),
    ],
)
def test_a_village_is_found_by_any_usual_form_of_its_name(tmp_path: Path, name: object, code: str) -> None:
    assert only_household(read(tmp_path, person(行政村=name))).village == code


def test_an_unknown_village_rejects_all_rows_of_the_household_and_only_those(tmp_path: Path) -> None:
    rows = (person(行政村="无名村", 身份证号=4.5e17), person("陆小花", "配偶"), person("黄小妹", 户编号="0002"))
    roster = read(tmp_path, *rows)
    assert [(f.row, f.code) for f in roster.rejected] == [(2, "village_unknown"), (3, "village_unknown")]
    assert only_household(roster).household_no == "0002"
    assert roster.warnings == ()


def test_a_head_below_an_unknown_village_is_rejected_too(tmp_path: Path) -> None:
    blank = {"行政村": None, "户编号": None, "户主姓名": None}
    assert len(read(tmp_path, person(行政村="无名村"), person("陆小花", **blank)).rejected) == 2


def test_a_name_that_fits_two_villages_is_never_guessed(tmp_path: Path) -> None:
    villages = {"爱店社区居委会": "451422101001", "爱店村委会": "451422101201"}
    rows = [HEAD, person(行政村="爱店"), person("陆小花", 行政村="爱店村"), person("黄小妹", 行政村="爱店社区")]
    roster = read_roster(save(tmp_path, rows), villages)
    assert [f.row for f in roster.rejected] == [2]
    assert [home.village for home in roster.households] == ["451422101201", "451422101001"]


# ------------------------------------------------------------------------------------------------------- single cells


@pytest.mark.parametrize("cell", [int(MAN), float(MAN), 4.51499e17, "4.51499E+17", "４.51499e+17", f"{MAN}.0", 12])
def test_a_number_that_excel_stored_as_a_number_is_ruined_even_when_it_fits(tmp_path: Path, cell: object) -> None:
    roster = read(tmp_path, person(身份证号=cell))
    assert only_person(roster).identity is None
    assert codes(roster) == ["identity_ruined"]


@pytest.mark.parametrize(
    "cell", [MAN, f" {MAN[:6]} {MAN[6:]}", f"'{MAN}", MAN.translate({48 + n: 0xFF10 + n for n in range(10)})]
)
def test_a_number_kept_as_text_is_tidied_and_gives_sex_and_birth_date(tmp_path: Path, cell: str) -> None:
    read_person = only_person(read(tmp_path, person(身份证号=cell)))
    assert (read_person.identity, read_person.sex, read_person.birth_date) == (MAN, "male", "1970-11-20")


def test_a_wrong_check_character_leaves_the_person_without_a_number(tmp_path: Path) -> None:
    roster = read(tmp_path, person(身份证号=MAN[:-1] + "6", 出生年月="1970.11", 性别="男"))
    one = only_person(roster)
    assert (one.identity, one.birth_date, one.birth_month, one.sex) == (None, None, "1970-11", "male")
    assert codes(roster) == ["identity_check_character"]


@pytest.mark.parametrize("cell", ["451499701120491", MAN[:-1], "451***********4915", "451499197002301234"])
def test_a_number_of_another_shape_has_a_code_of_its_own(tmp_path: Path, cell: str) -> None:
    fits = cell[:17] + identity.check_character(cell[:17]) if len(cell) == 18 and cell.isdigit() else cell
    roster = read(tmp_path, person(身份证号=fits))
    assert only_person(roster).identity is None
    assert codes(roster) == ["number_unclear"]


def test_words_in_the_place_of_a_number_are_kept_in_the_remark(tmp_path: Path) -> None:
    roster = read(tmp_path, person(身份证号="未上户", 备注="外出"), person("韦小山", "子", 身份证号="无"))
    assert [p.remark for p in only_household(roster).persons] == ["证件：未上户；外出", None]


def test_one_number_on_two_persons_is_told_and_both_keep_it(tmp_path: Path) -> None:
    roster = read(tmp_path, person(身份证号=MAN), person("韦小山", "子", 身份证号=MAN))
    assert [p.identity for p in only_household(roster).persons] == [MAN, MAN]
    assert [(f.row, f.code) for f in roster.warnings] == [(3, "same_number_twice")]
    assert "第 2 行" in roster.warnings[0].message


@pytest.mark.parametrize(
    ("cell", "born"),
    [
        (date(1943, 1, 17), "1943-01-17"),
        (196206, "1962-06"),
        ("196206", "1962-06"),
        (19620613, "1962-06-13"),
        ("1970年11月", "1970-11"),
        ("１９７０年１１月", "1970-11"),
        ("2003.08", "2003-08"),
        (2003.08, "2003-08"),
        ("1980.1", "1980-01"),
        ("2012-12-06", "2012-12-06"),
        ("2012/12/6", "2012-12-06"),
        ("2012-12-06 00:00:00", "2012-12-06"),
        ("1980年2月3日", "1980-02-03"),
        ("1980 年 2 月 3 日生", "1980-02-03"),
        (22810, "1962-06-13"),
        ("22810", "1962-06-13"),
        (22810.5, "1962-06-13"),
    ],
)
def test_dates_are_read_in_any_style(tmp_path: Path, cell: object, born: str) -> None:
    roster = read(tmp_path, person(出生年月=cell))
    one = only_person(roster)
    assert (one.birth_date, one.birth_month) == ((born, None) if len(born) == 10 else (None, born))
    assert roster.warnings == ()


@pytest.mark.parametrize(
    "cell", [1980.1, "1980", "八十年代", "1980-02-30", "198013", "620613", date(2437, 3, 10), -5, True]
)
def test_a_date_that_is_not_certain_is_left_out_and_told(tmp_path: Path, cell: object) -> None:
    roster = read(tmp_path, person(出生年月=cell))
    assert only_person(roster).birth_date is None
    assert only_person(roster).birth_month is None
    assert codes(roster) == ["date_unclear"]


def test_a_sheet_that_disagrees_with_the_number_is_told(tmp_path: Path) -> None:
    roster = read(tmp_path, person(身份证号=MAN, 性别="女", 出生年月="1970.12"))
    assert (only_person(roster).sex, only_person(roster).birth_date) == ("male", "1970-11-20")
    assert sorted(codes(roster)) == ["birth_differs", "sex_differs"]


@pytest.mark.parametrize(
    "joint", ["、", "，", ",", "；", ";", "/", " ", "\n", "+", "|", "·", "＆", "和", "", "　", " / "]
)
def test_categories_may_be_joined_by_anything(tmp_path: Path, joint: str) -> None:
    roster = read(tmp_path, person(户类别=f"贫困户{joint}低保户"))
    assert only_household(roster).categories == ("registered_poor", "low_allowance")
    assert roster.warnings == ()


def test_an_unknown_category_is_told_and_the_known_ones_stay(tmp_path: Path) -> None:
    roster = read(tmp_path, person(户类别="低保户、非残疾户"))
    assert only_household(roster).categories == ("low_allowance",)
    assert codes(roster) == ["category_unknown"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("妻", "spouse"),
        ("之 夫", "spouse"),
        ("长子", "son"),
        ("二女儿", "daughter"),
        ("户主之母", "mother"),
        ("大儿媳", "daughter_in_law"),
        ("三女婿", "son_in_law"),
        ("长孙", "grandson"),
        ("外孙女", "maternal_granddaughter"),
        ("奶奶", "grandmother"),
        ("其他", "other"),
    ],
)
def test_relations_are_known_by_their_usual_words(tmp_path: Path, word: str, code: str) -> None:
    roster = read(tmp_path, person(), person("陆小花", word))
    assert only_household(roster).persons[1].relation == code
    assert roster.warnings == ()


def test_an_unknown_relation_is_other_and_the_word_is_kept(tmp_path: Path) -> None:
    roster = read(tmp_path, person(), person("陆小花", "堂叔"))
    one = only_household(roster).persons[1]
    assert (one.relation, one.remark) == ("other", "与户主关系：堂叔")
    assert codes(roster) == ["relation_unknown"]


@pytest.mark.parametrize(
    ("cell", "phone", "told"),
    [
        (13812341234, "13812341234", []),
        ("１３８１２３４１２３４", "13812341234", []),
        ("+86 138-1234-1234", "13812341234", []),
        ("13812341234/13912341234", "13812341234", ["phone_doubtful"]),
        ("0771-8620001", None, ["phone_doubtful"]),
        ("1381234123", None, ["phone_doubtful"]),
        ("无", None, []),
    ],
)
def test_phones_are_eleven_digits_or_told(tmp_path: Path, cell: object, phone: str | None, told: list[str]) -> None:
    roster = read(tmp_path, person(联系电话=cell))
    assert (only_person(roster).phone, only_household(roster).phone) == (phone, phone)
    assert codes(roster) == told


def test_health_may_be_several_words_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    roster = read(tmp_path, person(健康状况="长期慢性病、肢体残疾"), person("陆小花", "配偶", 健康状况="健　康"))
    assert [p.health for p in only_household(roster).persons] == [("chronic", "disabled"), ("healthy",)]
    assert codes(read(tmp_path, person(健康状况="水土不服"))) == ["health_unknown"]


def test_names_padded_with_spaces_are_one_name_and_a_person_without_a_name_is_rejected(tmp_path: Path) -> None:
    roster = read(tmp_path, person("韦　山"), person("", "子", 性别="男"))
    assert only_person(roster).name == "韦山"
    assert [(f.row, f.code) for f in roster.rejected] == [(3, "name_missing")]


# -------------------------------------------------------------------------------------------- files that can't be read


def rewrite(path: Path, member: str, change: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("content", [b"", b"PK", b"name,village\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_a_file_that_is_no_xlsx_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(content)
    with pytest.raises(WorkbookError, match=r"xls.* / "):
        read_roster(path, VILLAGES)


def test_a_missing_file_and_a_zip_that_is_no_workbook_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="找不到"):
        read_roster(tmp_path / "none.xlsx", VILLAGES)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a")
    (tmp_path / "a.xlsx").write_bytes(buffer.getvalue())
    with pytest.raises(WorkbookError, match="不是"):
        read_roster(tmp_path / "a.xlsx", VILLAGES)


def test_a_workbook_cut_short_is_refused_in_words(tmp_path: Path) -> None:
    path = save(tmp_path, [HEAD, person()])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2])
    with pytest.raises(WorkbookError, match="损坏"):
        read_roster(path, VILLAGES)


def test_without_a_header_the_answer_says_what_was_found_and_needed_but_nobodys_name(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError) as refused:
        read(tmp_path, ("韦大山", "男", MAN), head=("住址", "性别", "身份证号"))
    assert "性别" in str(refused.value)
    assert "身份证号" in str(refused.value)
    assert "“姓名”" in str(refused.value)
    assert "韦大山" not in str(refused.value)
    with pytest.raises(WorkbookError, match="没有找到表头"):
        read_roster(save(tmp_path, []), VILLAGES)


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    with pytest.raises(WorkbookError, match="超过 3 行"):
        read(tmp_path, person(), person("a", "子"), person("b", "子"))


def test_a_file_that_inflates_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = save(tmp_path, [HEAD, person()])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * (workbook.MAX_INFLATED + 1))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(WorkbookError, match="200 MB"):
        read_roster(path, VILLAGES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused(tmp_path: Path, encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbb">]><worksheet>&b;</worksheet>'
    path = save(tmp_path, [HEAD, person()])
    rewrite(path, "xl/worksheets/sheet1.xml", lambda _: bomb.encode(encoding))
    with pytest.raises(WorkbookError, match="不安全"):
        read_roster(path, VILLAGES)


def test_a_merge_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    path = save(tmp_path, [HEAD, person()])
    merge = b'</sheetData><mergeCells><mergeCell ref="A3:XFD1048576"/></mergeCells>'
    rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", merge))
    assert only_person(read_roster(path, VILLAGES)).name == "韦大山"
