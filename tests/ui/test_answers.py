"""Answers under a finger: chips, points, the PIN pad, and the screen's clock."""

import threading

import pytest

from mobile.pages.blocks import Choice, Option, PinPad, Points
from mobile.ui.widgets.chips import Chip
from mobile.ui.widgets.shapes import CLEAR
from tests.ui.driver import Phone, Stage, letters

YES_NO = (Option("yes", "是"), Option("no", "否"))


@pytest.mark.parametrize("many", [True, False])
def test_a_chip_says_its_code(stage: Stage, phone: Phone, many: bool) -> None:
    picked: list[str] = []
    stage.show(Choice("孩子都在上学吗？", YES_NO, many=many, name="school", on_pick=picked.append))
    phone.tap("school.yes")
    phone.tap("否")
    phone.tap("否")
    assert picked == ["yes", "no", "no"]


def test_what_is_chosen_is_told_by_more_than_its_colour_and_moves_nothing(stage: Stage, phone: Phone) -> None:
    stage.show(Choice("问", YES_NO, name="q"))
    before = [(chip.pos, chip.size) for chip in chips(phone)]
    stage.show(Choice("问", YES_NO, frozenset({"yes"}), name="q"))
    yes, no = chips(phone)
    assert yes._tick._ink.rgba != list(CLEAR)
    assert no._tick._ink.rgba == list(CLEAR)
    assert yes._plate._inner.size < no._plate._inner.size  # its edge is thicker
    assert [(chip.pos, chip.size) for chip in chips(phone)] == before


def chips(phone: Phone) -> list[Chip]:
    found = [piece for piece in phone.pieces() if isinstance(piece, Chip)]
    return sorted(found, key=lambda chip: chip.x)


@pytest.mark.parametrize("before", ["yes", "是"])
def test_last_time_is_marked_on_its_chip_until_there_is_an_answer(stage: Stage, phone: Phone, before: str) -> None:
    stage.show(Choice("问", YES_NO, before=before, name="q"))
    assert [chip.faint for chip in chips(phone)] == [True, False]
    stage.show(Choice("问", YES_NO, frozenset({"no"}), before=before, name="q"))
    assert [chip.faint for chip in chips(phone)] == [False, False]


def test_last_time_is_told_in_words_where_no_chip_has_it(stage: Stage, phone: Phone) -> None:
    stage.show(Choice("问", YES_NO, before="不清楚", name="q"))
    assert "不清楚" in phone.texts()
    assert not any(chip.faint for chip in chips(phone))


def test_several_answers_of_last_time_are_all_marked(stage: Stage, phone: Phone) -> None:
    stage.show(Choice("问", YES_NO, many=True, before="是、否", name="q"))
    assert [chip.faint for chip in chips(phone)] == [True, True]


def test_options_that_change_are_changed_and_kept_apart_from_another_choice(stage: Stage, phone: Phone) -> None:
    stage.show(Choice("一", YES_NO, name="a"), Choice("二", (*YES_NO, Option("x", "不清楚")), name="b"))
    stage.show(Choice("一", (*YES_NO, Option("z", "其他")), many=True, name="a"), Choice("二", YES_NO, name="b"))
    assert phone.has("a.z")
    assert not phone.has("b.x")


@pytest.mark.parametrize(
    ("value", "full", "key", "said"),
    [
        (None, 10, "plus", 1),
        (None, 10, "minus", 9),
        (None, 10, "full", 10),
        (4, 10, "plus", 5),
        (4, 10, "minus", 3),
        (2.0, 2.5, "plus", 2.5),
        (0.5, 2.5, "minus", 0),
    ],
)
def test_points_go_up_down_and_to_the_full_mark(
    stage: Stage, phone: Phone, value: float | None, full: float, key: str, said: float
) -> None:
    heard: list[float] = []
    stage.show(Points("庭院", full, value, name="yard", on_value=heard.append))
    phone.tap(f"yard.{key}")
    assert heard == [said]


@pytest.mark.parametrize(("value", "key"), [(0, "minus"), (10, "plus")])
def test_points_stay_between_nothing_and_the_full_mark(stage: Stage, phone: Phone, value: float, key: str) -> None:
    heard: list[float] = []
    stage.show(Points("庭院", 10, value, name="yard", on_value=heard.append))
    phone.tap(f"yard.{key}")
    assert heard == []


def test_quick_touches_on_plus_all_count(stage: Stage, phone: Phone) -> None:
    state = {"value": 0.0}

    def draw() -> None:
        stage.show(Points("庭院", 10, state["value"], name="yard", on_value=keep))

    def keep(value: float) -> None:
        state["value"] = value
        draw()

    draw()
    for _ in range(4):
        phone.tap("yard.plus")
    assert state["value"] == 4
    assert "4" in phone.texts()


def test_the_pin_pad_says_its_digits_and_fills_its_dots(stage: Stage, phone: Phone) -> None:
    typed: list[str] = []
    stage.show(PinPad(name="pin", on_digit=typed.append, on_erase=typed.pop))
    for digit in "0471":
        phone.tap(f"pin.{digit}")
    phone.tap("pin.erase")
    assert typed == ["0", "4", "7"]


def test_while_the_pin_pad_is_off_no_key_does_anything(stage: Stage, phone: Phone) -> None:
    typed: list[str] = []
    stage.show(PinPad(message="请等 30 秒。", enabled=False, name="pin", on_digit=typed.append))
    phone.tap("pin.1")
    assert typed == []
    stage.show(PinPad(name="pin", on_digit=typed.append))
    phone.tap("pin.1")
    assert typed == ["1"]


def test_the_keys_of_the_pin_pad_stay_where_they_are_whatever_it_says(stage: Stage, phone: Phone) -> None:
    stage.show(PinPad(name="pin"))
    before = phone.find("pin.5").to_window(*phone.find("pin.5").pos)
    stage.show(PinPad(2, message="PIN 不对，还可以试 4 次。再错就要等一会儿。", tone="bad", name="pin"))
    assert phone.find("pin.5").to_window(*phone.find("pin.5").pos) == before


def test_no_digit_that_was_typed_can_be_read_from_the_screen(stage: Stage, phone: Phone) -> None:
    stage.show(PinPad(name="pin"))
    before = sorted(text.said for piece in phone.pieces() for text in letters(piece))
    stage.show(PinPad(3, name="pin"))
    assert sorted(text.said for piece in phone.pieces() for text in letters(piece)) == before


# --- the screen's clock --------------------------------------------------------------------------------------------


def test_work_from_another_thread_is_done_in_the_screens_own(phone: Phone) -> None:
    ran_in: list[threading.Thread] = []
    thread = threading.Thread(target=lambda: phone.screen.soon(lambda: ran_in.append(threading.current_thread())))
    thread.start()
    thread.join()
    phone.frames(2)
    assert ran_in == [threading.main_thread()]


def test_later_work_is_done_once_at_its_time_and_can_be_cancelled(phone: Phone) -> None:
    done: list[str] = []
    phone.screen.after(1, lambda: done.append("kept"))
    cancel = phone.screen.after(1, lambda: done.append("cancelled"))
    phone.advance(0.5)
    assert done == []
    cancel()
    phone.advance(0.6)
    phone.advance(5)
    assert done == ["kept"]
