"""What lies above a page: words in passing, questions, and the back key."""

from mobile.pages.blocks import Button, Paragraph, TextField
from tests.ui.driver import Phone, Stage


def test_back_closes_a_question_first_and_answers_nothing(stage: Stage, phone: Phone) -> None:
    answered: list[str] = []
    stage.show(Paragraph("页"))
    phone.screen.ask(
        "移出名单？",
        "可以恢复。",
        (Button("取消", lambda: answered.append("no")), Button("移出", lambda: answered.append("yes"))),
    )
    assert "移出名单？" in phone.texts()
    assert phone.back()
    assert "移出名单？" not in phone.texts()
    assert answered == []
    assert not phone.back()


def test_an_answer_closes_the_question_and_then_does_its_work(stage: Stage, phone: Phone) -> None:
    open_at_work: list[bool] = []
    stage.show(Paragraph("页"))
    phone.screen.ask(
        "结束？",
        "还不到 30 分钟。",
        (Button("结束", lambda: open_at_work.append(bool(phone.screen.root.above)), name="end"),),
    )
    phone.tap("end")
    assert open_at_work == [False]


def test_nothing_below_a_question_can_be_touched(stage: Stage, phone: Phone) -> None:
    heard: list[str] = []
    stage.show(Button("做", lambda: heard.append("did"), name="do"))
    x, y = phone.find("do").to_window(*phone.find("do").center)
    phone.screen.ask("问？", "", (Button("好"),))
    phone.touch(x, y)
    phone.touch(10, 10)
    assert heard == []
    assert phone.screen.root.above


def test_a_long_question_scrolls_and_its_answers_stay_in_sight(stage: Stage, phone: Phone) -> None:
    answered: list[str] = []
    stage.show(Paragraph("页"))
    phone.screen.ask("说明", "很长的说明。" * 400, (Button("知道了", lambda: answered.append("ok")),))
    phone.swipe(180, 300, 180, 600)
    phone.tap("知道了")
    assert answered == ["ok"]


def test_one_question_above_another_closes_one_by_one(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("页"))
    phone.screen.ask("一", "", (Button("好"),))
    phone.screen.ask("二", "", (Button("好"),))
    assert phone.back()
    assert "一" in phone.texts()
    assert "二" not in phone.texts()
    assert phone.back()
    assert "一" not in phone.texts()


def test_back_closes_the_keyboard_before_it_leaves_the_page(stage: Stage, phone: Phone) -> None:
    stage.show(TextField("姓名", name="name"))
    phone.tap("name")
    assert phone.back()
    assert not phone.find("name").focus
    assert not phone.back()


def test_a_question_takes_the_keyboard_away(stage: Stage, phone: Phone) -> None:
    stage.show(TextField("姓名", name="name"))
    phone.tap("name")
    field = phone.find("name")
    phone.screen.ask("问？", "", (Button("好"),))
    assert not field.focus


def test_a_word_in_passing_goes_by_itself(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("页"))
    phone.screen.toast("已存在手机里")
    phone.frames(5)
    assert "已存在手机里" in phone.texts()
    phone.advance(10)
    assert "已存在手机里" not in phone.texts()


def test_its_button_does_its_work_once_and_takes_it_away(stage: Stage, phone: Phone) -> None:
    undone: list[str] = []
    stage.show(Paragraph("页"))
    phone.screen.toast("已存在手机里", "撤销", lambda: undone.append("undo"))
    phone.tap("撤销")
    assert undone == ["undo"]
    assert "已存在手机里" not in phone.texts()


def test_a_second_word_takes_the_place_of_the_first_and_stays_its_full_time(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("页"))
    phone.screen.toast("一")
    phone.advance(2)
    phone.screen.toast("二")
    phone.advance(1.5)
    assert "一" not in phone.texts()
    assert "二" in phone.texts()


def test_a_word_in_passing_does_not_use_up_the_back_key(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("页"))
    phone.screen.toast("已存在手机里")
    assert not phone.back()
    assert "已存在手机里" not in phone.texts()


def test_a_word_in_passing_stays_when_the_page_changes_and_covers_no_button(stage: Stage, phone: Phone) -> None:
    stage.show(Paragraph("页"), key="form")
    phone.screen.toast("已存在手机里")
    stage.show(Paragraph("下一页"), key="list", bottom=(Button("开始", name="start"),))
    assert "已存在手机里" in phone.texts()
    toast, button = phone.screen.root.toast, phone.find("start")
    assert toast.to_window(*toast.pos)[1] >= button.to_window(button.x, button.top)[1]
