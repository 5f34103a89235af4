"""Drawing a page again: what is equal is left alone, what changed changes where it stands, and coming back finds things as they were."""

from pathlib import Path

import pytest

from tests.ui.driver import HandClock, Phone, Stage, box, opened
from tests.ui.gallery import PAGES, rows, visit

from kivy.uix.widget import Widget  # isort: skip

from mobile.pages.blocks import (
    Badge,
    Banner,
    Button,
    Choice,
    Item,
    LongList,
    Option,
    Paragraph,
    Points,
    Ring,
    TextField,
    View,
    nothing,
)
from mobile.ui.widgets.piece import Piece


class Made:
    """Counts the widgets that are made and the pieces that are laid out."""

    def __init__(self) -> None:
        self.widgets = 0
        self.laid: list[str] = []


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    counts = Made()
    make, fit = Widget.__init__, Piece.fit

    def counted(self: Widget, **properties: object) -> None:
        counts.widgets += 1
        make(self, **properties)

    def fitted(self: Piece, width: float) -> float:
        if self._fitted != width:
            counts.laid.append(type(self).__name__)
        return fit(self, width)

    monkeypatch.setattr(Widget, "__init__", counted)
    monkeypatch.setattr(Piece, "fit", fitted)
    return counts


PARAGRAPHS = tuple(Paragraph(f"第{number}段，说的是这一户的情况，长到要占两行才写得完。") for number in range(40))


@pytest.mark.parametrize("name", PAGES)
def test_an_equal_view_makes_no_widget_and_lays_out_no_block(name: str, stage: Stage, made: Made) -> None:
    stage.show_view(PAGES[name]())
    made.widgets, made.laid = 0, []
    stage.show_view(PAGES[name]())
    assert made.widgets == 0
    assert set(made.laid) <= {"Body", "Column", "TabBar", "ButtonRow", "PlainButton"}


def test_a_second_that_passes_lays_out_the_ring_and_nothing_else(stage: Stage, made: Made) -> None:
    blocks = visit().blocks
    stage.show(*blocks)
    made.widgets, made.laid = 0, []
    stage.show(Ring(0.63, "18:44", "入户时长", "还差 11 分 16 秒", "warn"), *blocks[1:])
    assert made.widgets == 0
    assert [name for name in made.laid if name not in ("Body", "Column", "TabBar")] == ["RingPiece"]
    assert "18:44" in stage.phone.texts()


def test_an_equal_block_brings_its_fresh_callback(stage: Stage, phone: Phone) -> None:
    heard: list[str] = []
    stage.show(
        Button("做", lambda: heard.append("old"), name="do"), Item("行", on_tap=lambda: heard.append("old"), name="row")
    )
    stage.show(
        Button("做", lambda: heard.append("new"), name="do"), Item("行", on_tap=lambda: heard.append("new"), name="row")
    )
    phone.tap("do")
    phone.tap("row")
    assert heard == ["new", "new"]


def test_fresh_callbacks_reach_chips_points_rows_tabs_and_corner(stage: Stage, phone: Phone) -> None:
    for age in ("old", "new"):
        heard: list[tuple[str, object]] = []

        def hear(value: object = None, age: str = age, heard: list = heard) -> None:
            heard.append((age, value))

        stage.show(
            Choice("问", (Option("yes", "是"),), name="q", on_pick=hear),
            Points("分", 10, 5, name="p", on_value=hear),
            LongList(rows(3), name="l", on_pick=hear),
            corner=Button("角", hear, name="corner"),
            bottom=(Button("底", hear, name="bottom"),),
        )
    for name in ("q.yes", "p.plus", "h1", "corner", "bottom"):
        phone.tap(name)
    assert heard == [("new", "yes"), ("new", 6), ("new", "h1"), ("new", None), ("new", None)]


def test_a_block_of_the_same_name_keeps_its_widget_wherever_it_moves(stage: Stage, phone: Phone, made: Made) -> None:
    stage.show(Paragraph("一"), TextField("姓名", name="name"), Button("存", name="save"))
    field, button = phone.find("name"), phone.find("save")
    made.widgets = 0
    stage.show(Button("保存", name="save"), TextField("名字", name="name"), Paragraph("一"))
    assert made.widgets == 0
    assert phone.find("name") is field
    assert phone.find("save") is button
    assert phone.find("保存") is button
    assert box(button)[1] > box(field)[1]


def test_a_block_that_comes_or_goes_leaves_what_is_in_sight_where_it_is_scrolled(stage: Stage, phone: Phone) -> None:
    stage.show(*PARAGRAPHS)
    phone.screen.root.body.offset = 700
    before = phone.screen.root.body.offset
    stage.show(*PARAGRAPHS, Banner("新消息", name="news"))
    assert phone.screen.root.body.offset == pytest.approx(before, abs=1)
    stage.show(*PARAGRAPHS[:-1])
    assert phone.screen.root.body.offset == pytest.approx(before, abs=1)


def test_a_redraw_under_a_resting_finger_does_not_lose_its_touch(stage: Stage, phone: Phone) -> None:
    from tests.ui.driver import Finger

    heard: list[str] = []
    stage.show(Ring(0.1, "1:00", "入户", "还差"), Button("结束", lambda: heard.append("end"), name="end"))
    x, y = phone.find("end").to_window(*phone.find("end").center)
    finger = Finger(x, y)
    finger.go("begin")
    phone.frames(10)
    stage.show(Ring(0.2, "1:01", "入户", "还差"), Button("结束", lambda: heard.append("end"), name="end"))
    finger.go("end")
    phone.frames(5)
    assert heard == ["end"]


def test_a_button_switched_on_in_place_can_be_touched_from_then_on(stage: Stage, phone: Phone) -> None:
    heard: list[str] = []
    stage.show(Button("结束", lambda: heard.append("x"), enabled=False, name="end"))
    phone.tap("end")
    assert heard == []
    stage.show(Button("结束", lambda: heard.append("end"), name="end"))
    phone.tap("end")
    assert heard == ["end"]


def test_a_row_that_can_be_touched_from_now_on_can_be_touched(stage: Stage, phone: Phone) -> None:
    heard: list[str] = []
    stage.show(Item("行", name="row"))
    phone.tap("row")
    stage.show(Item("行", on_tap=lambda: heard.append("row"), name="row"))
    phone.tap("row")
    assert heard == ["row"]


# --- from page to page ---------------------------------------------------------------------------------------------


def test_a_page_opened_anew_begins_at_its_top_and_one_gone_back_to_where_it_was_left(
    stage: Stage, phone: Phone
) -> None:
    stage.show(*PARAGRAPHS, key="list")
    phone.swipe(180, 200, 180, 600)
    left_at = phone.screen.root.body.offset
    stage.show(*PARAGRAPHS, key="one")
    assert phone.screen.root.body.offset == 0
    phone.swipe(180, 200, 180, 600)
    stage.show(*PARAGRAPHS, key="list")
    assert phone.screen.root.body.offset == pytest.approx(left_at)
    stage.show(*PARAGRAPHS, key="one")
    assert phone.screen.root.body.offset == 0


def test_a_page_left_while_it_still_moves_is_at_its_top_when_it_is_opened_anew(stage: Stage, phone: Phone) -> None:
    stage.show(*PARAGRAPHS, key="list")
    stage.show(*PARAGRAPHS, key="one")
    phone.swipe(180, 200, 180, 400, wait=1)
    stage.show(*PARAGRAPHS, key="list")
    stage.show(*PARAGRAPHS, key="one")
    phone.frames(30)
    assert phone.screen.root.body.offset == 0


def test_a_main_tab_is_found_as_it_was_left(stage: Stage, phone: Phone) -> None:
    def open_tab(tab: str) -> None:
        stage.show(
            LongList(rows(500), name="list"),
            key=tab,
            tab=tab,
            tabs=(Option("today", "今天"), Option("households", "农户")),
        )

    open_tab("households")
    phone.bring("h200")
    left_at = phone.screen.root.body.offset
    open_tab("today")
    open_tab("households")
    assert phone.screen.root.body.offset == pytest.approx(left_at)


def test_going_back_makes_no_widget(stage: Stage, phone: Phone, made: Made) -> None:
    stage.show_view(PAGES["household"](), "household")
    stage.show_view(PAGES["form"](), "form")
    made.widgets = 0
    stage.show_view(PAGES["household"](), "household")
    assert made.widgets == 0


def test_only_so_many_pages_are_kept(stage: Stage, phone: Phone) -> None:
    for number in range(30):
        stage.show(Paragraph(f"第{number}页"), key=f"page {number}")
    assert len(phone.screen._bodies) <= 8
    assert "第29页" in phone.texts()


def test_a_page_drawn_with_what_others_left_over_looks_like_one_drawn_with_all_new(
    clock: HandClock, tmp_path: Path
) -> None:
    def pictures(phone: Phone, rounds: int) -> dict[str, bytes]:
        drawn = {}
        for turn in range(rounds):
            for name in reversed(PAGES) if turn % 2 else PAGES:
                Stage(phone).show_view(PAGES[name](), f"{name} {turn}")
                if turn == rounds - 1:
                    phone.frames(60)
                    drawn[name] = phone.screenshot(tmp_path / "page.png").read_bytes()
        return drawn

    with opened(clock) as phone:
        reused = pictures(phone, 3)
    for name, view in PAGES.items():
        with opened(clock) as phone:
            Stage(phone).show_view(view(), name)
            phone.frames(60)
            assert phone.screenshot(tmp_path / "page.png").read_bytes() == reused[name], name


def test_opening_pages_anew_makes_fewer_widgets_once_there_are_some_to_spare(stage: Stage, made: Made) -> None:
    view = PAGES["household"]()
    stage.show_view(view, "first")
    new = made.widgets
    for number in range(20):
        stage.show_view(view, f"page {number}")
    made.widgets = 0
    stage.show_view(view, "last")
    assert made.widgets < new / 4


def test_forgetting_leaves_nothing_of_other_pages_in_the_widgets(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("覃秀英"), key="secret")
    stage.show(Paragraph("请输入 PIN"), key="lock")
    for number in range(10):
        stage.show(Paragraph("覃秀英"), key=f"secret {number}")
    stage.show(Paragraph("请输入 PIN"), key="lock")
    phone.screen.toast("覃秀英已保存")
    phone.screen.forget()
    assert not phone.screen._maker._spare
    assert list(phone.screen._bodies) == ["lock"]
    assert "覃秀英已保存" not in phone.texts()


# --- chrome --------------------------------------------------------------------------------------------------------


def test_arrow_and_tabs_lead_where_the_app_says(stage: Stage, phone: Phone) -> None:
    went: list[str] = []
    phone.screen.on_back = lambda: went.append("back")
    phone.screen.on_tab = went.append
    stage.show(tabs=(Option("today", "今天"), Option("me", "我")), tab="today", back=True)
    phone.tap("back")
    phone.tap("tab.me")
    phone.tap("今天")
    assert went == ["back", "me", "today"]


def test_what_a_page_does_not_have_is_not_there(stage: Stage, phone: Phone) -> None:
    stage.show_view(
        View(
            "一",
            "下",
            bottom=(Button("底", name="bottom"),),
            corner=Button("角", name="c"),
            tabs=(Option("me", "我"),),
            tab="me",
        )
    )
    stage.show_view(View("二", back=False))
    assert [piece.name for piece in phone.touchables()] == []
    assert phone.texts() == ["二"]
    stage.show_view(View("一", tabs=(Option("me", "我"),), tab="me", corner=Button("角", nothing, name="c")))
    assert phone.has("tab.me")
    assert phone.has("c")


def test_a_ring_that_starts_anew_leaves_nothing_of_the_one_before(stage: Stage, tmp_path: Path) -> None:
    def picture(part: float, name: str) -> bytes:
        stage.show(Ring(part, "0", "已走访", "还差", name="ring"))
        return stage.phone.screenshot(tmp_path / name).read_bytes()

    fresh = picture(0.0, "fresh.png")
    assert picture(0.7, "full.png") != fresh
    assert picture(0.0, "again.png") == fresh


def test_a_line_without_a_badge_shows_nothing_of_the_badge_another_had(stage: Stage, tmp_path: Path) -> None:
    def picture(badge: Badge | None, name: str) -> bytes:
        stage.show(Item("岑红娟", ("配偶",), badge, name="line"))
        return stage.phone.screenshot(tmp_path / name).read_bytes()

    fresh = picture(None, "fresh.png")
    assert picture(Badge("未上传"), "badge.png") != fresh
    assert picture(None, "again.png") == fresh
