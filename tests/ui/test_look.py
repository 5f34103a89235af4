"""What every page must look like, tried on all pages of the gallery: big enough to touch, clear enough to read, nothing cut or covered."""

import os
import subprocess
import sys

import pytest

from tests.ui.driver import Phone, Stage, box, letters, names, parents
from tests.ui.gallery import PAGES, english, rows

from kivy.core.window import Window  # isort: skip
from kivy.uix.textinput import TextInput

from mobile.pages.blocks import Badge, Button, Buttons, Choice, Item, LongList, Option, nothing
from mobile.ui import theme
from mobile.ui.fonts import covers
from mobile.ui.widgets import PIECES
from mobile.ui.widgets.buttons import ButtonPiece, PlainButton
from mobile.ui.widgets.chips import Chip
from mobile.ui.widgets.fields import KEYBOARDS
from mobile.ui.widgets.rows import ItemPiece, Row
from mobile.ui.widgets.scroller import Scroller
from mobile.ui.widgets.text import ELLIPSIS, LATIN_ELLIPSIS

LONG_NAME = "阿卜杜热合曼买买提依明吐尔逊江古丽巴哈尔"
ENOUGH = 4.5
"""WCAG 2.2's contrast for words."""


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, stage: Stage) -> Phone:
    stage.show_view(PAGES[request.param](), request.param)
    return stage.phone


def test_every_block_there_is_stands_on_a_page_of_the_gallery() -> None:
    shown = {type(block) for view in PAGES.values() for block in view().blocks}
    assert shown == set(PIECES)


@pytest.mark.parametrize(("what", "words", "ground"), theme.PAIRS, ids=[pair[0] for pair in theme.PAIRS])
def test_words_can_be_told_from_their_ground_in_the_sun(what: str, words: theme.Colour, ground: theme.Colour) -> None:
    assert theme.contrast(words, ground) >= ENOUGH


@pytest.mark.parametrize("tone", theme.TONE_MARK)
def test_a_ring_and_the_edge_of_a_field_can_be_told_from_a_card(tone: str) -> None:
    assert theme.contrast(theme.TONE_MARK[tone], theme.CARD) >= 3
    assert theme.contrast(theme.EDGE, theme.CARD) >= 3


def test_contrast_is_reckoned_as_its_standard_has_it() -> None:
    assert theme.contrast(theme.colour("#000000"), theme.colour("#FFFFFF")) == pytest.approx(21)
    assert theme.contrast(theme.colour("#767676"), theme.colour("#FFFFFF")) == pytest.approx(4.54, abs=0.01)


def test_whatever_can_be_touched_is_as_large_as_a_fingertip(page: Phone) -> None:
    small = [(names(piece), piece.size) for piece in page.touchables() if min(piece.size) < theme.TOUCH]
    assert small == []


def test_whatever_can_be_touched_has_a_name_or_words_and_no_two_the_same(page: Phone) -> None:
    called = [names(piece) for piece in page.touchables()]
    assert ("", "") not in called
    assert len(set(called)) == len(called)


def test_whatever_can_be_touched_lies_within_the_window_from_side_to_side(page: Phone) -> None:
    for piece in page.touchables():
        if any(isinstance(parent, Scroller) and parent.do_scroll_x for parent in parents(piece)):
            continue
        left, _, width, _ = box(piece)
        assert left >= 0, names(piece)
        assert left + width <= Window.width, names(piece)


def test_every_letter_has_a_glyph(page: Phone) -> None:
    for piece in page.pieces():
        for text in letters(piece):
            assert covers(text.drawn), text.drawn
        if isinstance(piece, TextInput):
            assert covers(piece.text + piece.hint_text)


def test_no_words_reach_out_of_their_piece_or_over_one_another(page: Phone) -> None:
    for piece in page.pieces():
        drawn = [text for text in letters(piece) if text.drawn]
        for text in drawn:
            assert text.x >= 0, text.said
            assert text.x + text.width <= piece.width, text.said
            assert text.down >= -2, text.said
            assert text.down + text.height <= piece.height + 2, text.said
        for number, one in enumerate(drawn):
            for other in drawn[:number]:
                apart = (
                    one.x >= other.x + other.width
                    or other.x >= one.x + one.width
                    or one.down >= other.down + other.height - 4
                    or other.down >= one.down + one.height - 4
                )
                assert apart, f"{one.said!r} lies over {other.said!r}"


def test_whatever_stands_in_a_piece_lies_within_it(page: Phone) -> None:
    for piece in page.pieces():
        holder = piece.parent
        if isinstance(holder, Window.__class__ | Scroller) or piece is page.screen.root:
            continue
        left, bottom, width, height = box(piece)
        hold_left, hold_bottom, hold_width, hold_height = box(holder)
        assert hold_left - 1 <= left, (piece, holder)
        assert left + width <= hold_left + hold_width + 1, (piece, holder)
        assert hold_bottom - 1 <= bottom, (piece, holder)
        assert bottom + height <= hold_bottom + hold_height + 1, (piece, holder)


@pytest.mark.parametrize("badge", [Badge("逾期 365 天", "bad"), Badge("1/2"), None])
def test_a_name_of_twenty_characters_never_reaches_the_badge(stage: Stage, badge: Badge | None) -> None:
    stage.show(
        Item(LONG_NAME, ("那桃屯·监测户·4510200001·离村委会最远的一户",), badge, on_tap=nothing, name="short"),
        LongList((Item(LONG_NAME, (LONG_NAME,), badge, name="long"),), name="list"),
    )
    pieces = [piece for piece in stage.phone.pieces() if isinstance(piece, ItemPiece | Row)]
    assert len(pieces) == 2
    for piece in pieces:
        drawn = [text for text in letters(piece) if text.drawn]
        marks = [text for text in drawn if badge and text.said == badge.text]
        assert len(marks) == bool(badge)
        for text in drawn:
            assert text in marks or text.x + text.width <= min([mark.x for mark in marks], default=piece.width), (
                text.drawn
            )
    row = next(piece for piece in pieces if isinstance(piece, Row))
    assert row.title.drawn.endswith(ELLIPSIS)
    short = next(piece for piece in pieces if isinstance(piece, ItemPiece))
    assert short.says == LONG_NAME


def test_the_words_of_a_button_are_never_cut_in_english(stage: Stage) -> None:
    stage.show_view(english())
    labels = [
        text
        for piece in stage.phone.pieces()
        if isinstance(piece, ButtonPiece | PlainButton | Chip)
        for text in letters(piece)
    ]
    said = [text for text in labels if text.drawn]
    assert len(said) >= 12
    for text in said:
        assert text.drawn.replace("\n", " ") == text.said
        assert LATIN_ELLIPSIS not in text.drawn


def test_the_longer_words_get_the_wider_button_and_too_long_ones_stand_below_each_other(stage: Stage) -> None:
    stage.show(
        Buttons((Button("Pause", name="a"), Button("Start the household visit", name="b")), name="beside"),
        Buttons(
            (Button("Ask the township to look again", name="c"), Button("Keep what stands now", name="d")), name="below"
        ),
    )
    short, long, above, below = (stage.phone.find(name) for name in "abcd")
    assert box(short)[1] == box(long)[1]
    assert short.width < long.width
    assert box(above)[1] > box(below)[1]
    assert above.width == below.width


def chips_in_rows(stage: Stage, *labels: str) -> list[list[str]]:
    """The labels as they stand, row by row."""
    stage.show(
        Choice("问", tuple(Option(str(number), label) for number, label in enumerate(labels)), name="c"),
        key="".join(labels),
    )
    rows: dict[float, list[Chip]] = {}
    for piece in stage.phone.pieces():
        if isinstance(piece, Chip):
            rows.setdefault(-piece.top, []).append(piece)
    return [[chip.says for chip in sorted(rows[down], key=lambda chip: chip.x)] for down in sorted(rows)]


def test_chips_stand_in_as_few_rows_as_their_words_allow(stage: Stage) -> None:
    assert chips_in_rows(stage, "是", "否") == [["是", "否"]]
    assert chips_in_rows(stage, "正常", "有问题", "不适用") == [["正常", "有问题", "不适用"]]
    assert chips_in_rows(stage, "好", "中", "差", "没有") == [["好", "中"], ["差", "没有"]]
    assert chips_in_rows(stage, "Fine", "Issue", "Not applicable") == [["Fine", "Issue"], ["Not applicable"]]


def test_chips_of_one_choice_are_of_one_width_and_a_long_one_spans_two(stage: Stage) -> None:
    chips_in_rows(stage, "收入情况", "务工就业", "子女入学", "医疗保障", "易地搬迁后续扶持工作")
    left, right, long = (stage.phone.find(f"c.{number}") for number in (0, 1, 4))
    assert abs(left.width - right.width) <= 1
    assert long.width > 2 * left.width


def test_every_field_asks_android_for_letters_and_not_for_bare_keys(page: Phone) -> None:
    asked = {piece.input_type for piece in page.pieces() if isinstance(piece, TextInput)}
    assert asked <= set(KEYBOARDS.values())
    assert "null" not in asked


def test_nothing_moves_while_nobody_touches_anything(stage: Stage) -> None:
    from kivy.clock import Clock

    stage.show_view(PAGES["visit"]())
    stage.phone.frames(120)
    assert [
        event for event in Clock.get_events() if event.timeout is not None and event.is_triggered and event.timeout < 1
    ] == []


def test_a_page_of_two_thousand_rows_draws_only_what_is_in_sight(stage: Stage) -> None:
    stage.show(LongList(rows(2000), name="list"))
    assert len([piece for piece in stage.phone.pieces() if isinstance(piece, Row)]) <= Window.height / theme.TOUCH


@pytest.mark.parametrize(
    ("letters_by", "window"), [("1.35", "360x740"), ("1", "320x568")], ids=["large letters", "small phone"]
)
def test_nothing_is_cut_or_too_small_on_another_phone(letters_by: str, window: str) -> None:
    """In a process of its own: Kivy and the theme take the phone's measure once."""
    environment = {**os.environ, "KIVY_METRICS_FONTSCALE": letters_by, "RUHU_WINDOW": window, "KIVY_GL_BACKEND": "mock"}
    environment.pop("KIVY_HOME", None)
    asked = "reach_out or lies_within or fingertip or never_cut or reaches_the_badge or within_the_window"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        f"({asked}) and not another_phone",
    ]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:]
