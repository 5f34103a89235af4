"""The reader of area lists, on the real list of Ningming county and on lists with one thing wrong."""

from pathlib import Path

import pytest

from server.imports.areas import NINGMING, AreaFileError, read_areas, townships, villages_of

HEADER = "code,name,parent_code,level\n"
TOP = "45,广西壮族自治区,,region\n4514,崇左市,45,city\n451422,宁明县,4514,county\n"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "areas.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_ningming_has_13_townships_3_farms_and_190_villages() -> None:
    areas = read_areas(NINGMING)
    assert len(townships(areas)) == 13
    assert [area.code for area in areas if area.is_farm] == ["451422401", "451422402", "451422403"]
    assert sum(area.level == "village" for area in areas) == 190


def test_a_township_gives_its_village_names_and_codes() -> None:
    villages = villages_of(read_areas(NINGMING), "451422103")
    assert len(villages) == 17
    assert villages["桐骨村委会"] == "451422103215"


def test_a_village_of_a_farm_is_not_a_farm() -> None:
    areas = read_areas(NINGMING)
    assert not any(area.is_farm for area in areas if area.level != "township")


def test_a_list_saved_by_chinese_excel_is_read(tmp_path: Path) -> None:
    assert read_areas(write(tmp_path, HEADER + TOP, "gb18030"))[2].name == "宁明县"
    assert read_areas(write(tmp_path, HEADER + TOP, "utf-8-sig"))[0].code == "45"


def test_columns_may_stand_in_another_order_and_a_child_before_its_parent(tmp_path: Path) -> None:
    text = "level,name,code,parent_code,note\ncity,崇左市,4514,45,x\nregion,广西壮族自治区,45,,\n\n"
    assert [area.code for area in read_areas(write(tmp_path, text))] == ["4514", "45"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("45142210,城中镇,451422,township\n", "9 位"),
        ("45142210O,城中镇,451422,township\n", "9 位"),
        ("451422100,,451422,township\n", "名称"),
        ("451422100,城中镇,451422,town\n", "级别"),
        ("451422100,城中镇,451423,township\n", "上级"),
        ("451423100,城中镇,451422,township\n", "上级"),
        ("451422100001,明祥社区居委会,451422,village\n", "上级"),
        ("451422,宁明县,4514,county\n", "重复"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(AreaFileError, match=rf"第 5 行.*{says}.*/ Line 5"):
        read_areas(write(tmp_path, HEADER + TOP + line))


def test_a_file_without_the_columns_says_which_are_missing(tmp_path: Path) -> None:
    with pytest.raises(AreaFileError, match="parent_code"):
        read_areas(write(tmp_path, "code,name,level\n"))


def test_a_file_that_is_no_list_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "areas.csv"
    path.write_bytes(b"\xff\xfe\x00\x81\x20")
    with pytest.raises(AreaFileError, match="UTF-8"):
        read_areas(path)
    with pytest.raises(AreaFileError, match="打不开"):
        read_areas(tmp_path / "none.csv")
    with pytest.raises(AreaFileError, match=r"CSV|缺少列"):
        read_areas(write(tmp_path, "\0\0\0"))
