"""Long lists under a finger: two thousand rows."""

import pytest

from tests.ui.driver import Phone, Stage
from tests.ui.gallery import households, rows

from kivy.core.window import Window  # isort: skip

from mobile.pages.blocks import Filters, LongList, Option, Paragraph, Search
from mobile.ui.widgets.rows import ROW, LongListPiece


@pytest.fixture
def picked(stage: Stage) -> list[str]:
    names: list[str] = []
    stage.show(Search(hint="搜索", name="search"), LongList(rows(2000), "没有", name="list", on_pick=names.append))
    return names


def offset(phone: Phone) -> float:
    return next(piece for piece in phone.pieces() if isinstance(piece, LongListPiece)).scroller.offset


def test_a_swipe_scrolls_and_opens_nothing(phone: Phone, picked: list[str]) -> None:
    phone.swipe(180, 200, 180, 600)
    assert offset(phone) > 300
    assert picked == []


def test_a_touch_opens_the_row_under_the_finger(phone: Phone, picked: list[str]) -> None:
    phone.tap("h2")
    assert picked == ["h2"]


def test_a_finger_that_trembles_less_than_its_own_width_still_taps(phone: Phone, picked: list[str]) -> None:
    row = phone.find("h2")
    x, y = row.to_window(*row.center)
    phone.swipe(x, y, x + 3, y + 8, steps=3)
    assert picked == ["h2"]
    assert offset(phone) == 0


def test_after_swiping_a_touch_opens_the_row_that_is_seen(phone: Phone, picked: list[str]) -> None:
    for _ in range(3):
        phone.swipe(180, 150, 180, 650)
    first = int(offset(phone) // ROW) + 2
    phone.tap(f"h{first}")
    assert picked == [f"h{first}"]


def test_the_last_row_can_be_reached_and_opened(phone: Phone, picked: list[str]) -> None:
    phone.tap("h1999")
    assert picked == ["h1999"]


def test_a_swipe_back_comes_to_the_top_and_no_further(phone: Phone, picked: list[str]) -> None:
    phone.swipe(180, 200, 180, 600)
    for _ in range(3):
        phone.swipe(180, 200, 180, -600)
    assert offset(phone) == 0


def test_two_touches_in_a_blink_open_once(phone: Phone, picked: list[str]) -> None:
    row = phone.find("h1")
    x, y = row.to_window(*row.center)
    from tests.ui.driver import Finger

    for _ in range(2):
        finger = Finger(x, y)
        finger.go("begin")
        phone.frames(5)
        finger.go("end")
        phone.frames(2)
    phone.frames(30)
    assert picked == ["h1"]


def test_rows_that_change_are_drawn_anew_where_they_stand(stage: Stage, phone: Phone) -> None:
    stage.show(LongList(rows(2000), name="list"))
    phone.bring("h100")
    before = offset(phone)
    stage.show(LongList(rows(1990), name="list"))
    assert offset(phone) == pytest.approx(before)
    assert phone.has("h101")


def test_a_search_that_leaves_few_rows_shows_them(stage: Stage, phone: Phone) -> None:
    stage.show(LongList(rows(2000), name="list"))
    phone.bring("h1500")
    stage.show(LongList(rows(3), name="list"))
    assert [phone.has(f"h{number}") for number in range(4)] == [True, True, True, False]


def test_an_empty_list_says_so(stage: Stage, phone: Phone) -> None:
    stage.show_view(households("覃山珍", 0))
    assert any("没有找到" in text for text in phone.texts())
    assert not any(piece.name.startswith("h") for piece in phone.touchables() if hasattr(piece, "option"))


def test_filters_move_sideways_under_a_swipe_and_a_touch_picks_one(stage: Stage, phone: Phone) -> None:
    names: list[str] = []
    options = tuple(Option(f"f{number}", f"筛选条件{number}") for number in range(9))
    stage.show(Paragraph("上"), Filters(options, name="filter", on_pick=names.append), LongList(rows(50), name="list"))
    first = phone.find("filter.f0")
    _, y = first.to_window(*first.center)
    phone.swipe(320, y, 40, y)
    assert first.to_window(*first.pos)[0] < 0
    assert names == []
    phone.tap("filter.f8")
    assert names == ["f8"]


@pytest.mark.parametrize("long", [True, False])
def test_filters_on_a_page_that_scrolls_move_sideways_and_the_page_up_and_down(
    stage: Stage, phone: Phone, long: bool
) -> None:
    options = tuple(Option(f"f{number}", f"筛选条件{number}") for number in range(9))
    below = [Paragraph(f"第{number}段") for number in range(40)]
    stage.show(*below[:8], Filters(options, name="filter"), *(below if long else below[:2]))
    first = phone.find("filter.f0")
    _, y = first.to_window(*first.center)
    phone.swipe(320, y, 40, y)
    assert first.to_window(*first.pos)[0] < 0
    if long:
        phone.swipe(180, y, 180, y + 200)
        assert phone.screen.root.body.offset > 100


def test_a_list_keeps_at_least_three_rows_on_a_page_with_much_above_it(stage: Stage, phone: Phone) -> None:
    stage.show(*(Paragraph(f"第{number}段") for number in range(40)), LongList(rows(50), name="list"))
    piece = next(piece for piece in phone.pieces() if isinstance(piece, LongListPiece))
    assert piece.height >= 3 * ROW
    assert piece.height < Window.height
