"""Nothing typed is ever out of reach: drafts of new records, of records that left, were removed or refused, and how they are gone on with."""

from typing import Any

import pytest

from mobile.disk import StorageFull
from mobile.pages.blocks import Choice, TextField
from mobile.pages.form import from_text
from shared.fields import Date
from shared.record import Key
from tests.mobile.township import OTHER_VILLAGE, VILLAGE
from tests.pages.conftest import HOME, OTHER, Stage
from tests.pages.test_ledger import assign, by_others, note


def text_of(stage: Stage, name: str) -> str:
    block = stage.hand.block(name)
    assert isinstance(block, TextField)
    return block.text


def begin(stage: Stage) -> str:
    stage.app.go("household", id=HOME)
    stage.hand.tap("start")
    return stage.app.page.where["id"]


def linked(stage: Stage) -> str:
    link = {"party_member": "韦一", "from_date": "2018-08-01"}
    return stage.notebook.write("party_link", None, link, household=HOME).id


# --- begun and left ----------------------------------------------------------------------------------------------------


def test_a_new_member_that_was_begun_and_left_is_found_again_at_the_household_and_from_today(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.tap("new_member")
    stage.hand.type("name", "覃小妹")
    stage.hand.back()
    assert stage.hand.sees("没写完：家庭成员 · 覃小妹")
    stage.hand.tap("没写完")
    assert text_of(stage, "name") == "覃小妹"
    stage.app.go("today")
    stage.hand.tap("1 处没写完")
    stage.hand.tap("覃小妹")
    stage.hand.tap("save")
    assert [one.record.values["name"] for one in stage.notebook.records("member", household=HOME)] == ["覃小妹"]
    assert not stage.hand.sees("覃小妹\n没写完")


def test_a_new_household_that_was_begun_and_left_is_found_again(stage: Stage) -> None:
    stage.hand.tap("households")
    stage.hand.tap("new")
    stage.hand.type("head_name", "陆老三")
    stage.hand.back()
    stage.again()
    stage.app.go("me")
    stage.hand.tap("drafts")
    stage.hand.tap("陆老三")
    assert stage.hand.view.title == "新建 · 农户"
    stage.hand.tap("save")
    assert stage.last("household")["head_name"] == "陆老三"


def test_a_contact_visit_that_was_begun_goes_on_and_only_looking_leaves_none(stage: Stage) -> None:
    linked(stage)
    stage.app.go("contacts")
    stage.hand.tap("覃秀英")
    stage.hand.back()
    assert stage.phone.store.drafts() == {}
    stage.hand.tap("覃秀英")
    stage.hand.type("summary", "说了医保的事")
    stage.hand.back()
    stage.hand.tap("覃秀英")
    assert text_of(stage, "summary") == "说了医保的事"
    stage.hand.tap("save")
    assert stage.phone.store.drafts() == {}


def test_a_new_household_belongs_to_the_village_one_says_where_there_are_several(stage: Stage) -> None:
    stage.phone.township.grants = [f"village:{VILLAGE}", f"village:{OTHER_VILLAGE}"]
    stage.sync()
    stage.hand.tap("households")
    stage.hand.tap("new")
    stage.hand.tap(f"village/{OTHER_VILLAGE}")
    stage.hand.type("head_name", "陆老三")
    stage.hand.tap("save")
    assert [w.village for w in stage.notebook.waiting()] == [OTHER_VILLAGE]


# --- the record goes away under the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["left", "grant lost"])
def test_words_about_a_household_that_is_no_longer_ours_are_kept_reached_and_can_be_sent(
    stage: Stage, how: str
) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    stage.hand.type("remark", "写到一半")
    if how == "left":
        stage.phone.township.left = {Key("household", HOME)}
        stage.phone.township.written_by_others("household", HOME, {"remark": "迁走"})
    else:
        stage.phone.township.grants = [f"household:{OTHER}"]
    stage.sync()
    assert stage.notebook.shown_or_none("household", HOME) is None
    assert text_of(stage, "remark") == "写到一半"
    assert stage.hand.sees("已不在手机里")
    stage.again()
    assert text_of(stage, "remark") == "写到一半"
    stage.app.go("today")
    stage.hand.tap("没写完")
    stage.hand.tap("写到一半")
    stage.hand.tap("save")
    (written,) = stage.notebook.waiting()
    assert (written.id, written.village, written.set) == (HOME, VILLAGE, {"remark": "写到一半"})


def test_a_member_whose_household_left_can_still_be_sent(stage: Stage) -> None:
    member = stage.notebook.write("member", None, {"name": "覃小妹"}, household=HOME).id
    stage.sync()
    stage.app.go("record", kind="member", id=member, household=HOME)
    stage.hand.type("name", "覃小美")
    stage.phone.township.grants = [f"household:{OTHER}"]
    stage.sync()
    stage.hand.tap("save")
    (written,) = stage.notebook.waiting()
    assert (written.id, written.village, written.household) == (member, VILLAGE, HOME)


def test_a_visit_that_left_while_it_was_going_on_keeps_its_answers_within_reach(stage: Stage) -> None:
    visit = begin(stage)
    stage.sync()
    stage.hand.tap("guarantees_status", "有问题")
    stage.hand.type("guarantees_note", "屋顶漏雨")
    stage.phone.township.grants = [f"household:{OTHER}"]
    stage.sync()
    assert stage.app.page.name != "visit"
    stage.app.go("drafts")
    stage.hand.tap("屋顶漏雨")
    stage.hand.tap("save")
    assert any(w.id == visit and w.set["guarantees_note"] == "屋顶漏雨" for w in stage.notebook.waiting())


def test_a_removed_record_says_so_on_its_form(stage: Stage) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    stage.phone.township.written_by_others("household", HOME, {"removed": True})
    stage.sync()
    assert stage.hand.sees("已被移除")
    stage.app.go("household", id=HOME)
    assert stage.hand.sees("只能查看")
    with pytest.raises(LookupError):
        stage.hand.block("start")


def test_a_record_that_is_not_on_the_phone_is_no_new_one(stage: Stage) -> None:
    stage.app.go("record", kind="member", id="0190a6d0-0000-7000-8000-00000000dead", household=HOME)
    assert stage.app.page.name == "today"
    assert stage.hand.sees("手机里没有这条记录")


def test_a_step_whose_problem_was_removed_can_be_read_and_given_up_and_had_back(stage: Stage) -> None:
    problem = note(stage)
    assign(stage, problem)
    by_others(stage, problem, "started")
    stage.app.go("step", problem=problem, step="fixed")
    stage.hand.type("proof_note", "换了水管")
    stage.phone.township.written_by_others("problem", problem, {"removed": True})
    stage.sync()
    stage.app.go("drafts")
    stage.hand.tap("换了水管")
    assert stage.hand.sees("已经不在手机里")
    stage.hand.tap("give_up")
    assert stage.phone.store.drafts() == {}
    stage.hand.tap("撤销")
    assert stage.hand.sees("换了水管")


def test_a_respondent_who_was_removed_since_still_stands_there_and_can_be_taken_out(stage: Stage) -> None:
    member = stage.notebook.write("member", None, {"name": "覃小妹"}, household=HOME).id
    stage.sync()
    begin(stage)
    stage.hand.tap("respondent", "覃小妹")
    stage.phone.township.written_by_others("member", member, {"removed": True})
    stage.sync()
    stage.hand.tap("respondent", "覃小妹（已不在名单里）")
    block = stage.hand.block("respondent")
    assert isinstance(block, Choice)
    assert block.chosen == frozenset()


# --- typing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["韦一、", "韦一、农", "韦一，农"])
def test_a_page_drawn_anew_each_second_leaves_the_letters_as_they_were_typed(stage: Stage, typed: str) -> None:
    begin(stage)
    stage.hand.type("participants", typed)
    stage.hand.pass_time()
    assert text_of(stage, "participants") == typed


def test_a_day_half_typed_is_not_made_into_another(stage: Stage) -> None:
    stage.app.go("record", kind="member", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.type("birth_date", "1978-1-1")
    assert text_of(stage, "birth_date") == "1978-1-1"
    stage.hand.type("birth_date", "1978-1-12")
    stage.again()
    assert text_of(stage, "birth_date") == "1978-01-12"


@pytest.mark.parametrize(
    ("typed", "read"),
    [("19780112", "1978-01-12"), ("1978年1月12日", "1978-01-12"), ("1978.1.2", "1978-01-02"), ("197811", "197811")],
)
def test_a_day_is_read_only_where_it_can_be_meant_in_one_way(typed: str, read: str) -> None:
    assert from_text(Date("日期", "Day"), typed) == read


def test_on_a_full_phone_the_letters_stay_in_sight_and_it_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)

    def full(*_: Any) -> None:
        raise StorageFull

    monkeypatch.setattr(stage.phone.store, "put_draft", full)
    stage.hand.type("remark", "写不下了")
    assert stage.hand.sees("手机存储已满")
    assert text_of(stage, "remark") == "写不下了"
    monkeypatch.undo()
    stage.hand.type("remark", "写不下了。")
    stage.again()
    assert text_of(stage, "remark") == "写不下了。"


def test_what_was_written_after_giving_up_stays_when_the_giving_up_is_undone(stage: Stage) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    stage.hand.type("remark", "头一句")
    stage.hand.tap("give_up")
    stage.hand.type("address", "那桃屯3号")
    stage.hand.tap("撤销")
    assert (text_of(stage, "remark"), text_of(stage, "address")) == ("头一句", "那桃屯3号")


def test_witnesses_written_down_are_saved_though_another_way_was_chosen_since(stage: Stage) -> None:
    problem = note(stage)
    stage.notebook.answer("problem_step", f"{problem}/satisfied", {"method": "home", "witnesses": ["农三"]})
    stage.app.go("step", problem=problem, step="satisfied")
    assert text_of(stage, "witnesses") == "农三"


# --- where we were -----------------------------------------------------------------------------------------------------


def test_a_list_is_as_narrow_after_a_kill_as_before(stage: Stage) -> None:
    stage.hand.tap("households")
    stage.hand.tap("filters", "该办")
    stage.again()
    assert stage.app.page.where == {"due": "yes"}


def test_the_question_why_a_visit_was_short_is_still_asked_after_a_kill(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("all_ok")
    stage.pass_minutes(5)
    stage.hand.tap("finish")
    stage.hand.type("short_reason", "")
    stage.again()
    assert stage.hand.sees("请写明原因")


# --- a problem and the visit it was found on --------------------------------------------------------------------------------


def found_and_left(stage: Stage) -> tuple[str, str]:
    visit = begin(stage)
    stage.hand.tap("guarantees_status", "有问题")
    stage.hand.type("guarantees_note", "屋顶漏雨")
    stage.hand.tap("problem/guarantees")
    problem = stage.app.page.where["id"]
    stage.hand.tap("category", "house")
    stage.hand.back()
    return visit, problem


def test_a_problem_gone_on_with_from_the_ledger_is_still_known_to_its_visit(stage: Stage) -> None:
    visit, problem = found_and_left(stage)
    stage.again()
    stage.app.go("problems")
    stage.hand.tap("接着写")
    stage.hand.tap("save")
    stage.app.go("visit", id=visit)
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    stage.hand.tap("end_anyway")
    assert stage.notebook.get("visit", visit).record.values["found_problems"] == [problem]


def test_a_problem_saved_after_its_visit_has_ended_is_known_to_it_at_once(stage: Stage) -> None:
    visit, problem = found_and_left(stage)
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    stage.hand.tap("end_anyway")
    stage.app.go("problems")
    stage.hand.tap("接着写")
    stage.hand.tap("save")
    assert stage.notebook.get("visit", visit).record.values["found_problems"] == [problem]
    assert stage.phone.store.drafts() == {}


def test_a_problem_is_saved_though_its_visit_is_no_longer_on_the_phone(stage: Stage) -> None:
    stage.app.go(
        "new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME, source="visit",
        visit="0190a6d0-0000-7000-8000-00000000dead",
    )  # fmt: skip
    stage.hand.type("description", "桥断了")
    stage.hand.tap("save")
    assert stage.last("problem")["description"] == "桥断了"


def test_how_it_was_solved_is_found_again_though_nothing_else_was_written(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.tap("spot")
    stage.hand.type("proof_note", "当场接好了水管")
    stage.hand.back()
    stage.app.go("problems")
    stage.hand.tap("接着写")
    assert text_of(stage, "proof_note") == "当场接好了水管"
    stage.hand.tap("give_up")
    assert stage.phone.store.drafts() == {}
    stage.hand.tap("撤销")
    assert text_of(stage, "proof_note") == "当场接好了水管"
