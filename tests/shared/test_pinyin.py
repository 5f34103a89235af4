"""Names are found by characters, initials, digits or a mixture of these; nobody is missed for being read otherwise; it is quick."""

import random
import subprocess
import sys
import time
import unicodedata
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pinyin import Matcher, initials_match, letters, search

IDEOGRAPHS = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
NAMES = st.text(IDEOGRAPHS, min_size=1, max_size=8)
COMMON = "".join(
    bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)
)
UNREAD = "兙兡嗧桛烪瓧瓰瓱瓼甅"
"""Signs of units, and characters made in Japan: Chinese has no reading for them."""
QUICK_MS = 15


# --- letters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("surname", "read"),
    [
        *[("覃", "qt"), ("单", "sd"), ("曾", "zc"), ("仇", "qc"), ("解", "jx"), ("区", "qo"), ("查", "cz"), ("翟", "zd")],
        *[("盖", "g"), ("朴", "p"), ("尹", "y"), ("莫", "m"), ("韦", "w"), ("蒙", "m"), ("农", "n"), ("黄", "h")],
        *[("万", "wm"), ("尉", "wy"), ("乐", "ly"), ("任", "r"), ("长", "zc"), ("沈", "s"), ("谌", "cs"), ("费", "fb")],
        *[("岑", "c"), ("闭", "b"), ("零", "l"), ("弄", "nl"), ("岜", "b"), ("咘", "b"), ("峒", "dt"), ("屯", "t")],
    ],
)  # fmt: skip
def test_a_surname_or_place_answers_to_every_reading(surname: str, read: str) -> None:
    assert set(read) <= set(letters(surname))


def test_a_character_read_one_way_has_one_letter() -> None:
    assert letters("黄") == "h"
    assert letters("韦") == "w"


def test_a_latin_letter_or_digit_gives_itself_and_anything_else_nothing() -> None:
    assert [letters(one) for one in "AzＨ７3"] == ["a", "z", "h", "7", "3"]
    assert [letters(one) for one in "，-·　é😀"] == [""] * 6
    assert letters("") == ""


def test_every_character_of_the_main_block_but_a_few_unread_ones_has_a_letter() -> None:
    without = [chr(point) for point in range(0x4E00, 0x9FA6) if not letters(chr(point))]
    assert "".join(without) == UNREAD


def test_characters_registered_for_names_outside_the_main_block_have_a_letter() -> None:
    assert [letters(one) for one in "〇䶮㛃𬒗𬘭"] == ["lxy", "y", "j", "l", "cl"]


def test_the_table_is_one_line_a_letter_in_order_and_small() -> None:
    text = files("shared.pinyin").joinpath("initials.txt").read_text("utf-8")
    heads = [line[:2] for line in text.splitlines() if not line.startswith("#")]
    assert heads == [f"{letter} " for letter in "abcdefghjklmnopqrstwxyz"]  # no syllable begins with i, u or v
    assert len(text.encode()) < 200_000


# --- what fits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["hxy", "xy", "h", "y", "黄xy", "h秀y", "黄秀英", "秀英", "HXY", "ｈｘｙ", "h x y", "h'x'y", ""]
)
def test_huang_xiuying_is_found_by(typed: str) -> None:
    assert initials_match("黄秀英", typed)


@pytest.mark.parametrize("typed", ["hy", "yx", "hxyy", "xh", "黄英", "huang", "1", "王xy", "."])
def test_huang_xiuying_is_not_found_by(typed: str) -> None:
    assert not initials_match("黄秀英", typed)


def test_a_person_hamlet_and_number_in_one_text_are_found_by_any_of_them() -> None:
    text = "黄秀英 那怀屯 0217"
    for typed in ("hxy", "nht", "那怀", "217", "０２１７", "怀t", "屯0217"):
        assert initials_match(text, typed), typed


def test_spaces_within_a_name_and_the_dot_in_it_count_for_nothing() -> None:
    assert initials_match("韦　强", "wq")
    assert initials_match("韦 强", "韦强")
    assert initials_match("阿依·古丽", "aygl")
    assert initials_match("阿依古丽", "阿依·古丽")


def test_signs_that_mean_something_in_patterns_are_only_signs() -> None:
    names = ["12-3(东)", "12.3", "a]b", "c^", "\\"]
    assert [search(names, typed) for typed in ("(", ".", "]", "^", "\\", "-3(d", "*", "[")] == [
        [0],
        [1],
        [2],
        [3],
        [4],
        [0],
        [],
        [],
    ]


def test_who_begins_so_comes_first_and_otherwise_the_order_stays() -> None:
    names = ["韦黄英", "黄英", "陆黄英", "黄燕", "何英", "农秀"]
    assert search(names, "hy") == [1, 3, 4, 0, 2]
    assert search(names, "") == [0, 1, 2, 3, 4, 5]
    assert search([], "hy") == []


@given(NAMES, st.data())
def test_a_names_own_initials_always_find_it(name: str, data: st.DataObject) -> None:
    readings = [letters(one) or one for one in name]
    typed = "".join(data.draw(st.sampled_from(reading)) for reading in readings)
    start = data.draw(st.integers(0, len(name)))
    assert initials_match(name, typed)
    assert initials_match(name, typed.upper()[start:])
    assert initials_match("屯" + name + "12", name[:start] + typed[start:])


@given(NAMES, NAMES, NAMES)
def test_a_chinese_part_of_a_name_always_finds_it(before: str, part: str, after: str) -> None:
    assert search(["", before + part + after], part) == [1]


@given(st.lists(st.text(max_size=12), max_size=8), st.text(max_size=5))
def test_whatever_is_typed_each_name_is_found_at_most_once_and_for_a_reason(names: list[str], typed: str) -> None:
    found = Matcher(names).search(typed)
    assert len(found) == len(set(found))
    slow = [place for place, name in enumerate(names) if fits(plain(name), plain(typed))]
    assert sorted(found) == slow


def plain(text: str) -> str:
    return "".join(
        one for one in unicodedata.normalize("NFKC", text).lower() if not one.isspace() and one not in "'’·•・‧"
    )


def fits(name: str, typed: str) -> bool:
    """The same, said without patterns."""
    starts = range(len(name) - len(typed) + 1)
    return any(all(t == c or t in letters(c) for t, c in zip(typed, name[start:], strict=False)) for start in starts)


@given(st.lists(NAMES, max_size=20), st.text("hxywl", max_size=3))
def test_a_matcher_asked_again_says_the_same(names: list[str], typed: str) -> None:
    matcher = Matcher(names)
    assert matcher.search(typed) == matcher.search(typed) == search(names, typed)


# --- how quick -------------------------------------------------------------------------------------------------------


def best_ms(work: object, times: int = 5) -> float:
    """The shortest of several runs, as other work goes on beside ours; ms of CPU."""
    spans = []
    for _ in range(times):
        began = time.process_time()
        work()
        spans.append(time.process_time() - began)
    return min(spans) * 1000


def test_two_thousand_households_are_searched_between_two_keystrokes() -> None:
    draw = random.Random(1).choices
    names = [f"{''.join(draw(COMMON, k=3))} {''.join(draw(COMMON, k=3))} {number:04}" for number in range(2000)]
    matcher = Matcher(names)
    for typed in ("h", "hxy", "黄xy", "那怀", "12", "zhangxy"):
        assert best_ms(lambda typed=typed: matcher.search(typed)) < QUICK_MS, typed
        assert best_ms(lambda typed=typed: search(names, typed)) < QUICK_MS, typed


def test_the_table_is_not_read_until_it_is_asked_for_and_then_quickly() -> None:
    script = (
        "import importlib.resources, re, time, unicodedata; began = time.process_time()\n"
        "import shared.pinyin as p; done = time.process_time(); assert not p._table.cache_info().currsize\n"
        "p.letters('黄'); print((done - began) * 1000, (time.process_time() - done) * 1000)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True) for _ in range(3)
    ]
    spans = [tuple(map(float, run.stdout.split())) for run in runs]
    assert min(imported for imported, _ in spans) < QUICK_MS
    assert min(read for _, read in spans) < QUICK_MS
