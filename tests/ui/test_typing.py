"""Typing Chinese: what is composed is not said, what is committed is said at once, and a redraw takes nothing from under the fingers."""

from dataclasses import replace

import pytest

from mobile.pages.blocks import Paragraph, Search, TextField
from tests.ui.driver import Phone, Stage

BACKSPACE, ENTER = 8, 13


class Page:
    """A page with one field, which keeps what it hears and says it again when it is drawn."""

    def __init__(self, stage: Stage, **field: object) -> None:
        self.stage = stage
        self.heard: list[str] = []
        self.field = TextField("姓名", name="name", **field)  # type: ignore[arg-type]
        self.draw()

    def draw(self, *more: Paragraph) -> None:
        self.stage.show(*more, replace(self.field, on_text=self.hear))

    def hear(self, text: str) -> None:
        self.heard.append(text)
        self.field = replace(self.field, text=text)

    @property
    def input(self):
        return self.stage.phone.find("name")


@pytest.fixture
def page(stage: Stage) -> Page:
    made = Page(stage)
    stage.phone.tap("name")
    return made


def test_a_touch_opens_the_keyboard_and_a_touch_elsewhere_closes_it(page: Page, phone: Phone) -> None:
    assert page.input.focus
    phone.touch(180, 100)
    assert not page.input.focus


def test_typed_text_is_heard_at_once(page: Page, phone: Phone) -> None:
    phone.type("覃")
    phone.type("秀英")
    assert page.heard == ["覃", "覃秀英"]
    assert page.input.text == "覃秀英"


def test_composed_pinyin_is_seen_and_not_heard(page: Page, phone: Phone) -> None:
    for so_far in ("q", "qi", "qin"):
        phone.compose(so_far)
    assert page.input.text == "qin"
    assert page.heard == []


def test_committing_leaves_the_chinese_only(page: Page, phone: Phone) -> None:
    phone.compose("qin")
    phone.type("覃")
    assert page.input.text == "覃"
    assert page.heard == ["覃"]


def test_composing_in_the_middle_of_words_leaves_them_as_they_are(page: Page, phone: Phone) -> None:
    phone.type("覃英")
    page.input.cursor = (1, 0)
    phone.compose("xiu")
    assert page.input.text == "覃xiu英"
    assert page.input.committed == "覃英"
    phone.type("秀")
    assert page.input.text == "覃秀英"
    assert page.heard == ["覃英", "覃秀英"]


def test_composing_over_a_selection_says_that_it_is_gone(page: Page, phone: Phone) -> None:
    phone.type("覃小妹")
    page.input.select_all()
    phone.compose("wei")
    assert page.heard[-1] == ""
    phone.type("韦")
    assert page.heard[-1] == "韦"


def test_leaving_the_field_drops_half_typed_pinyin(page: Page, phone: Phone) -> None:
    phone.type("覃")
    phone.compose("xiu")
    phone.touch(180, 100)
    assert page.input.text == "覃"
    assert page.heard == ["覃"]


def test_going_to_another_page_drops_half_typed_pinyin_and_the_keyboard(page: Page, phone: Phone) -> None:
    field = page.input
    phone.compose("qin")
    page.stage.show(Paragraph("另一页"), key="other")
    assert not field.focus
    assert page.heard == []


def test_erasing_is_heard(page: Page, phone: Phone) -> None:
    phone.type("覃秀")
    phone.key(BACKSPACE)
    assert page.heard == ["覃秀", "覃"]


def test_a_redraw_while_typing_moves_neither_cursor_nor_letters(page: Page, phone: Phone) -> None:
    phone.type("覃英")
    page.input.cursor = (1, 0)
    field = page.input
    page.draw(Paragraph("同步完成，多了一行。"))
    assert page.input is field
    assert field.focus
    assert (field.text, field.cursor) == ("覃英", (1, 0))
    phone.type("秀")
    assert page.heard[-1] == "覃秀英"


def test_a_redraw_while_composing_leaves_what_is_composed(page: Page, phone: Phone) -> None:
    phone.compose("qin")
    page.draw(Paragraph("同步完成，多了一行。"))
    assert page.input.text == "qin"
    phone.type("覃")
    assert page.input.text == "覃"
    assert page.heard == ["覃"]


def test_a_page_that_says_something_else_is_shown_even_while_typing(page: Page, phone: Phone) -> None:
    phone.type("覃")
    page.field = replace(page.field, text="覃秀英")
    page.draw()
    assert page.input.text == "覃秀英"
    phone.type("。")
    assert page.heard[-1] == "覃秀英。"


def test_what_the_page_says_is_shown_and_not_said_back_to_it(stage: Stage, phone: Phone) -> None:
    page = Page(stage, text="覃")
    page.field = replace(page.field, text="韦")
    page.draw()
    assert page.input.text == "韦"
    assert page.heard == []


def test_a_phrase_is_put_in_with_one_touch_and_joined_to_what_stands(stage: Stage, phone: Phone) -> None:
    page = Page(stage, lines=3, phrases=("一切正常", "想申请低保"))
    phone.tap("一切正常")
    phone.tap("想申请低保")
    assert page.heard == ["一切正常", "一切正常；想申请低保"]


def test_a_phrase_takes_the_place_of_half_typed_pinyin(stage: Stage, phone: Phone) -> None:
    page = Page(stage, lines=3, phrases=("一切正常",))
    phone.tap("name")
    phone.compose("yi")
    phone.tap("一切正常")
    assert page.heard == ["一切正常"]


def test_a_note_grows_with_its_lines_and_what_is_below_moves_down(stage: Stage, phone: Phone) -> None:
    page = Page(stage, lines=2)
    phone.tap("name")
    before = page.input.height
    phone.type("一行\n二行\n三行\n四行")
    assert page.input.height > before
    assert page.input.text.count("\n") == 3
    assert page.input.top - page.input.y <= page.input.parent.height


def test_a_note_that_was_long_when_the_page_opened_shows_its_first_line(stage: Stage, phone: Phone) -> None:
    page = Page(stage, lines=2, text="\n".join(f"第{n}行" for n in range(20)))
    phone.frames(2)
    assert page.input.cursor_row == 0
    assert page.input.scroll_y == 0


def test_a_keyboard_for_numbers_is_asked_for_where_numbers_are_wanted(stage: Stage) -> None:
    assert Page(stage, keyboard="number").input.input_type == "number"
    stage.show(key="between")
    assert Page(stage, keyboard="tel").input.input_type == "tel"


def test_a_secret_is_not_shown(stage: Stage) -> None:
    assert Page(stage, secret=True).input.password


def test_a_note_is_written_on_a_sheet_where_the_app_wants_one(stage: Stage, phone: Phone) -> None:
    phone.screen.text_dialog = phone.screen.sheet
    page = Page(stage, lines=3, phrases=("一切正常",))
    phone.tap("name")
    phone.type("老人")
    assert page.heard == ["老人"]
    phone.tap("一切正常")
    assert page.heard[-1] == "老人；一切正常"
    assert phone.back()
    assert "老人；一切正常" in phone.texts()
    assert not phone.screen.root.above


# --- searching -----------------------------------------------------------------------------------------------------


class Looking:
    """A page with a search line."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.heard: list[str] = []
        self.draw("")

    def draw(self, text: str) -> None:
        self.stage.show(Search(text, "搜索", name="search", on_text=self.heard.append))


@pytest.fixture
def looking(stage: Stage) -> Looking:
    made = Looking(stage)
    stage.phone.tap("search")
    return made


def test_a_search_is_heard_once_after_the_last_key(looking: Looking, phone: Phone) -> None:
    for part in ("覃", "秀"):
        phone.screen.root.get_parent_window().dispatch("on_textinput", part)
        phone.frames(2)
    assert looking.heard == []
    phone.advance(0.2)
    assert looking.heard == ["覃秀"]


def test_a_search_does_not_hear_half_typed_pinyin(looking: Looking, phone: Phone) -> None:
    phone.compose("qin")
    phone.advance(0.5)
    assert looking.heard == []
    phone.type("覃")
    phone.advance(0.2)
    assert looking.heard == ["覃"]


def test_enter_searches_at_once(looking: Looking, phone: Phone) -> None:
    phone.screen.root.get_parent_window().dispatch("on_textinput", "覃")
    phone.key(ENTER)
    assert looking.heard == ["覃"]
    phone.advance(0.5)
    assert looking.heard == ["覃"]


def test_the_cross_empties_the_search_and_is_there_only_when_there_is_something(looking: Looking, phone: Phone) -> None:
    assert not phone.has("search.clear")
    phone.type("覃")
    phone.advance(0.2)
    phone.tap("search.clear")
    assert looking.heard == ["覃", ""]
    assert phone.find("search").text == ""
    assert not phone.has("search.clear")


def test_a_list_redrawn_by_its_search_leaves_the_search_as_it_is(looking: Looking, phone: Phone) -> None:
    phone.type("覃")
    phone.advance(0.2)
    looking.draw("覃")
    phone.type("秀")
    assert phone.find("search").text == "覃秀"
    assert phone.find("search").focus
