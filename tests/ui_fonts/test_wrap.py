"""Chinese paragraphs in lines: full, never too long, no punctuation where it must not stand, nothing lost."""

import re
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st
from kivy.core.text import Label as CoreLabel

from mobile.ui.fonts import wrap_cjk

SIZE = 16
NOTE = (
    "2018年9月3日上午，走访了那怀屯的黄秀英家（一般农户）。家中“两不愁三保障”都已落实；房屋安全、饮水安全，孩子在县城 Ningming No. 2 "
    "Middle School 读书，每学期补助1,250.50元。她说：“路灯坏了……晚上出门不方便！”已记入台账，责任人：农志强。——《帮扶手册》已签字。"
)
NEVER_FIRST = "，。；：！？）】》、」』”…"
NEVER_LAST = "（《【「『“"
WIDTHS = range(110, 700, 7)

words = st.sampled_from(
    [
        *"入户走访韦覃那怀屯一二",
        "Ningming",
        "2018-09-03",
        "1,250.50元",
        "don’t",
        " ",
        "，",
        "。",
        "：“",
        "”",
        "（",
        "）",
        "《",
        "》",
        "……",
        "——",
        "！",
    ]
)


def width_of(line: str, size: float = SIZE, bold: bool = False) -> float:
    return CoreLabel(font_size=size, bold=bold).get_extents(line)[0]


def lines(text: str, width: float, size: float = SIZE, bold: bool = False) -> list[str]:
    return wrap_cjk(text, width, size, bold).split("\n")


def test_chinese_breaks_between_any_two_characters() -> None:
    assert lines("入户走访入户走访", 5 * SIZE) == ["入户走访入", "户走访"]


def test_what_fits_stays_as_it_is() -> None:
    assert wrap_cjk("入户走访。", 5 * SIZE, SIZE) == "入户走访。"
    assert wrap_cjk("", 100, SIZE) == ""


def test_a_stop_takes_the_character_before_it_to_the_next_line() -> None:
    assert lines("入户走访了。好", 5 * SIZE) == ["入户走访", "了。好"]


def test_several_closing_marks_stay_together() -> None:
    assert lines("他说走访了！”）好", 5 * SIZE) == ["他说走访", "了！”）好"]


def test_an_opening_bracket_goes_to_the_next_line_with_what_it_opens() -> None:
    assert lines("入户走访《政策》", 5 * SIZE) == ["入户走访", "《政策》"]


def test_latin_words_and_numbers_stay_whole() -> None:
    text = lines(NOTE, 200)
    for word in ("Ningming", "Middle", "School", "1,250.50"):
        assert any(word in line for line in text), word


def test_a_space_at_a_break_disappears() -> None:
    assert lines("Middle School 读书", 7 * SIZE) == ["Middle School", "读书"]


def test_own_line_ends_and_the_first_lines_indent_stay() -> None:
    assert lines("　　入户走访\n\n第二段", 4 * SIZE) == ["　　入户", "走访", "", "第二段"]


def test_what_is_longer_than_a_line_is_broken_anywhere() -> None:
    text = "01919d2e-7c1a-7000-8000-000000000001"
    broken = lines(text, 100)
    assert "".join(broken) == text
    assert all(width_of(line) <= 100 for line in broken)


def test_a_width_of_nothing_still_ends() -> None:
    assert lines("走访 ab", 0) == ["走", "访", "a", "b"]


def test_bold_and_greater_letters_are_measured_as_they_are() -> None:
    for size, bold in ((16, True), (27.5, False), (41.25, True)):
        assert max(width_of(line, size, bold) for line in lines(NOTE, 320, size, bold)) <= 320


def test_no_line_of_a_note_is_too_long_or_needlessly_short() -> None:
    for width in WIDTHS:
        broken = lines(NOTE, width)
        assert max(map(width_of, broken)) <= width
        for line, following in pairwise(broken):
            first = re.match(r"[（《“]*(?:[^\u2e80-\uffef\s—]+|——|.)[，。；：！？）》、”…]*", following)
            assert first
            assert width_of(line) + width_of(" " + first.group()) > width, (line, following)


def test_no_line_of_a_note_begins_or_ends_with_what_may_not_stand_there() -> None:
    for width in WIDTHS:
        broken = lines(NOTE, width)
        assert not [line for line in broken if line[0] in NEVER_FIRST or line[-1] in NEVER_LAST]


@given(st.lists(words, max_size=60).map("".join), st.integers(96, 400))
def test_whatever_the_text_nothing_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    broken = lines(text, width)
    assert re.sub(r"\s", "", "".join(broken)) == re.sub(r"\s", "", text)
    assert all(width_of(line) <= width for line in broken if len(line) > 1)


@given(st.lists(words, max_size=60).map("".join))
def test_whatever_the_text_no_mark_stands_where_it_may_not(text: str) -> None:
    assume(not re.search(rf"[{NEVER_FIRST}{NEVER_LAST} ]{{6}}", text))  # a run that fills a line has to come apart
    broken = lines(text, 320)
    assert not [line for line in broken[1:] if line[:1] and line[0] in NEVER_FIRST]
    assert not [line for line in broken[:-1] if line[-1:] and line[-1] in NEVER_LAST]
